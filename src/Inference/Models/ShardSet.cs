namespace InferenceServer.Inference.Models;

/// <summary>The files of a model, one or several, as far as they have been read.</summary>
internal sealed class ShardSet
{
    private const string CountKey = "split.count";
    private const string NumberKey = "split.no";
    private const string TensorsKey = "split.tensors.count";

    private readonly GgufHeader _first;
    private readonly List<string> _paths;
    private readonly List<GgufTensorInfo> _tensors;

    /// <summary>A set of the first file alone.</summary>
    public ShardSet(string path, GgufHeader first, long numBytes)
    {
        _first = first;
        _paths = [path];
        _tensors = [.. first.Tensors];
        NumBytes = numBytes;
    }

    /// <summary>Full paths, in order.</summary>
    public IReadOnlyList<string> Paths => _paths;

    /// <summary>The tensors of all files.</summary>
    public IReadOnlyList<GgufTensorInfo> Tensors => _tensors;

    /// <summary>Length of all files together.</summary>
    public long NumBytes { get; private set; }

    /// <summary>Reads the headers of all other files, if the first one says that there are any, and returns what is wrong.</summary>
    /// <param name="name">Name of the first shard; null if it is not named as one.</param>
    /// <param name="open">Opens a file.</param>
    public ModelFileFault? ReadOthers(GgufShardName? name, Func<string, Stream> open)
    {
        var count = _first.FindNumber(CountKey) ?? 1;
        if (count <= 1)
        {
            return null;
        }

        if (_first.FindNumber(NumberKey) != 0)
        {
            return new ModelFileFault(ModelFileError.NotFirstShard, $"is not the first of its {count} shards: name that one");
        }

        if (name is null || name.Count != count)
        {
            return new ModelFileFault(ModelFileError.InconsistentShards, $"is the first of {count} shards, so its name must end in -00001-of-{count:00000}.gguf");
        }

        for (var index = 1; index < name.Count; index++)
        {
            var current = index;
            var path = name.PathOf(index + 1);
            var fault = ModelFileAccess.TryRun(path, shard => ReadOther(shard, current, name.Count, open));
            if (fault is not null)
            {
                fault = fault.Error == ModelFileError.NotFound
                    ? new ModelFileFault(ModelFileError.MissingShard, $"does not exist, but the model has {name.Count} shards")
                    : fault;
                return fault with { Path = path };
            }
        }

        return CheckTensors();
    }

    private ModelFileFault? ReadOther(string path, int index, int count, Func<string, Stream> open)
    {
        using var stream = open(path);
        var reader = new GgufReader(stream);
        if (GgufHeader.Read(reader) is not { } header)
        {
            return reader.Fault;
        }

        if (header.FindNumber(NumberKey) != index || (header.FindNumber(CountKey) ?? count) != count)
        {
            return new ModelFileFault(ModelFileError.InconsistentShards, $"does not say that it is shard {index + 1} of {count}");
        }

        _paths.Add(path);
        _tensors.AddRange(header.Tensors);
        NumBytes += stream.Length;
        return null;
    }

    private ModelFileFault? CheckTensors()
    {
        if (_first.FindNumber(TensorsKey) != _tensors.Count)
        {
            return new ModelFileFault(ModelFileError.InconsistentShards, $"says that its shards hold {_first.FindNumber(TensorsKey) ?? 0} tensors, but they hold {_tensors.Count}");
        }

        return _tensors.GroupBy(tensor => tensor.Name).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? new ModelFileFault(ModelFileError.InconsistentShards, $"and its other shards hold the tensor {ModelFileFault.Quote(twice.Key)} twice")
            : null;
    }
}
