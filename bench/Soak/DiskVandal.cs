namespace InferenceServer.Bench.Soak;

/// <summary>Does to the files of the disk tier what disks, other programs and people do, while the tier uses them: cuts them, flips bytes, swaps and deletes them, leaves others among them, fills the disk.</summary>
/// <param name="folder">What the server's <c>Cache:DiskPath</c> names.</param>
/// <param name="seed">Of what is done to which.</param>
/// <param name="mayFill">False: the disk is never filled. A tier that met a full disk is off until its engine's next start.</param>
internal sealed class DiskVandal(string folder, int seed, bool mayFill)
{
    /// <summary>Only a disk that is smaller is filled: one of its own, for this.</summary>
    private const long MaxDiskBytes = 4L << 30;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly Random _random = new(seed);
    private readonly string _filler = Path.Combine(folder, "filler");

    /// <summary>Files cut or changed so far.</summary>
    public int NumHurt { get; private set; }

    /// <summary>Times that the disk was filled.</summary>
    public int NumFilled { get; private set; }

    private string Files => Path.Combine(folder, "prefixes");

    private bool CanFill => mayFill && new DriveInfo(folder).TotalSize < MaxDiskBytes;

    /// <summary>Does damage until the token ends it.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        for (var round = 0; ; round++)
        {
            await Task.Delay(Interval, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stopping.IsCancellationRequested)
            {
                File.Delete(_filler);
                return;
            }

            try
            {
                // For ten seconds of two minutes, long enough that something is to be written.
                if (round % 24 is 16 && CanFill)
                {
                    Fill();
                }
                else if (round % 24 is 18)
                {
                    File.Delete(_filler);
                }

                Damage();
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // The server was faster: the file is gone.
            }
        }
    }

    private void Damage()
    {
        var files = Directory.Exists(Files) ? Directory.GetFiles(Files, "*.kv") : [];
        if (files.Length == 0)
        {
            return;
        }

        var file = files[_random.Next(files.Length)];
        var other = files[_random.Next(files.Length)];
        switch (_random.Next(6))
        {
            case 0:
                using (var stream = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
                {
                    stream.SetLength(_random.NextInt64(stream.Length));
                }

                break;
            case 1:
            case 2:
                using (var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
                {
                    stream.Position = _random.NextInt64(stream.Length);
                    var flipped = (byte)(stream.ReadByte() ^ (1 << _random.Next(8)));
                    stream.Position--;
                    stream.WriteByte(flipped);
                }

                break;
            case 3:
                if (file == other)
                {
                    return;
                }

                File.Copy(file, other, overwrite: true);
                break;
            case 4:
                File.Delete(file);
                break;
            default:
                var bytes = new byte[_random.Next(100_000)];
                _random.NextBytes(bytes);
                File.WriteAllBytes(_random.Next(2) == 0 ? Path.Combine(Files, $"foreign{_random.Next(100)}.kv") : file, bytes);
                break;
        }

        NumHurt++;
    }

    private void Fill()
    {
        using var filler = new FileStream(_filler, FileMode.Create, FileAccess.Write);
        NumFilled++;
        var block = new byte[1 << 20];
        while (true)
        {
            filler.Write(block); // until it throws: no space left
        }
    }
}
