using InferenceServer.Inference.Models.Planning;

namespace InferenceServer.Inference.Models;

/// <summary>
/// A model's file or files, read by our own code and found sound as far as a header tells, before llama.cpp, which
/// aborts the process over some errors, sees them. Reads headers only: a 70B takes some tens of milliseconds. Immutable.
/// </summary>
public sealed class ModelFile
{
    // The library's name for SentencePiece vocabularies.
    private const string SentencePiece = "llama";

    private ModelFile(ModelMetadata metadata, IReadOnlyList<string> paths, IReadOnlyList<GgufTensorInfo> tensors, ModelShape shape)
    {
        Metadata = metadata;
        Paths = paths;
        Tensors = tensors;
        Shape = shape;
    }

    /// <summary>What the header says.</summary>
    public ModelMetadata Metadata { get; }

    /// <summary>Full paths of the file, or of all shards in order.</summary>
    public IReadOnlyList<string> Paths { get; }

    /// <summary>All tensors; positions count within the shard that holds them.</summary>
    internal IReadOnlyList<GgufTensorInfo> Tensors { get; }

    /// <summary>The sizes that memory and speed depend on.</summary>
    internal ModelShape Shape { get; }

    /// <summary>
    /// Reads and checks a file, and with the first of several shards all of them. Whatever the file holds, the outcome
    /// is a value. Blocks on the disk; any thread.
    /// </summary>
    public static ModelFileResult Read(string path, ModelPurpose purpose = ModelPurpose.Generation)
    {
        try
        {
            return Read(Path.GetFullPath(path), ModelFileAccess.Open, purpose);
        }
        catch (ArgumentException)
        {
            return new ModelFileResult { Error = ModelFileError.NotFound, Message = $"{path} is no path." };
        }
    }

    /// <summary>As <see cref="Read(string, ModelPurpose)"/>, for files that lie elsewhere than on the disk.</summary>
    /// <param name="path">The name of the file, or of the first of its shards; the others' follow from it.</param>
    /// <param name="open">Gives a stream that can seek for such a name; throws as <see cref="FileStream"/> does.</param>
    /// <param name="purpose">What the model is wanted for.</param>
    public static ModelFileResult Read(string path, Func<string, Stream> open, ModelPurpose purpose = ModelPurpose.Generation)
    {
        ModelFile? file = null;
        var fault = ModelFileAccess.TryRun(path, name => ReadFirst(name, open, purpose, out file));
        return fault is null
            ? new ModelFileResult { Error = ModelFileError.None, File = file }
            : new ModelFileResult { Error = fault.Error, Message = $"{fault.Path ?? path} {fault.Message}." };
    }

    private static ModelFileFault? ReadFirst(string path, Func<string, Stream> open, ModelPurpose purpose, out ModelFile? file)
    {
        file = null;
        var name = GgufShardName.Parse(path);
        if (name is { Number: > 1 })
        {
            return new ModelFileFault(
                ModelFileError.NotFirstShard,
                $"is shard {name.Number} of {name.Count}: name the first one, {name.PathOf(1)}");
        }

        using var stream = open(path);
        var reader = new GgufReader(stream);
        if (GgufHeader.Read(reader) is not { } header)
        {
            return reader.Fault;
        }

        if (ModelRequirements.Check(header, purpose) is { } fault)
        {
            return fault;
        }

        var list = header.Values[GgufTokenList.Key];
        var isSentencePiece = header.FindText("tokenizer.ggml.model") == SentencePiece;
        var texts = GgufTokenList.ReadTexts(reader, list, isSentencePiece, [SpecialToken(header, "bos", 1), SpecialToken(header, "eos", 2)]);
        if (reader.Fault is not null)
        {
            return reader.Fault;
        }

        var shards = new ShardSet(path, header, stream.Length);
        if (shards.ReadOthers(name, open) is { } shardFault)
        {
            return shardFault;
        }

        if (shards.Tensors.Count == 0)
        {
            return new ModelFileFault(ModelFileError.NoWeights, "holds a vocabulary and no weights");
        }

        if (TensorRequirements.Check(shards.Tensors) is { } tensorFault)
        {
            return tensorFault;
        }

        var metadata = Describe(header, name, shards, texts);
        if (purpose == ModelPurpose.Embedding)
        {
            metadata = metadata with { Embedding = EmbeddingFile.Describe(header, metadata) };
            if (EmbeddingFile.Check(metadata.Embedding, shards.Tensors) is { } embeddingFault)
            {
                return embeddingFault;
            }
        }

        file = new ModelFile(metadata, shards.Paths, shards.Tensors, ModelShape.Read(reader, header, shards.Tensors));
        return null;
    }

    /// <summary>Id of a special token; -1 if there is none.</summary>
    /// <param name="header">The header.</param>
    /// <param name="name">As in the key.</param>
    /// <param name="sentencePieceDefault">What the library takes for a SentencePiece vocabulary that does not say.</param>
    private static long SpecialToken(GgufHeader header, string name, long sentencePieceDefault) =>
        header.FindNumber($"tokenizer.ggml.{name}_token_id") is { } id
            ? (long)id
            : header.FindText("tokenizer.ggml.model") == SentencePiece ? sentencePieceDefault : -1;

    private static ModelMetadata Describe(GgufHeader header, GgufShardName? name, ShardSet shards, string?[] specialTokens)
    {
        var architecture = header.FindText("general.architecture")!;
        int Number(string key) => (int)header.FindNumber($"{architecture}.{key}")!.Value;
        var givenName = header.FindText("general.name");
        return new ModelMetadata
        {
            Path = shards.Paths[0],
            Name = string.IsNullOrWhiteSpace(givenName) ? (name is null ? Path.GetFileNameWithoutExtension(shards.Paths[0]) : Path.GetFileName(name.Prefix)) : givenName,
            Architecture = architecture,
            ContextLength = Number("context_length"),
            EmbeddingLength = Number("embedding_length"),
            BlockCount = Number("block_count"),
            VocabularySize = (int)header.Values[GgufTokenList.Key].Count,
            ParameterCount = shards.Tensors.Sum(tensor => tensor.NumElements),
            FileSize = shards.NumBytes,
            Quantization = QuantizationName.Find(header.FindNumber("general.file_type")),
            ChatTemplate = header.FindText("tokenizer.chat_template"),
            BosToken = specialTokens[0],
            EosToken = specialTokens[1],
            Sampling = DescribeSampling(header),
        };
    }

    /// <summary>Values outside of what they can mean are left out, as if the file had not said them.</summary>
    private static SamplingDefaults DescribeSampling(GgufHeader header)
    {
        double? Within(string key, double min, double max) =>
            header.FindNumber($"general.sampling.{key}") is { } value && value >= min && value <= max ? value : null;
        return new SamplingDefaults
        {
            Temperature = (float?)Within("temp", 0, float.MaxValue),
            TopP = (float?)Within("top_p", 0, 1),
            TopK = (int?)Within("top_k", 0, int.MaxValue),
            MinP = (float?)Within("min_p", 0, 1),
            RepeatPenalty = (float?)Within("penalty_repeat", float.Epsilon, float.MaxValue),
            RepeatLastN = (int?)Within("penalty_last_n", -1, int.MaxValue),
        };
    }
}
