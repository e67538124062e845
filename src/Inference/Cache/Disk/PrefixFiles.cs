namespace InferenceServer.Inference.Cache.Disk;

/// <summary>The files of the disk tier as an operator sees them, beside a running server or without one. Any thread; members throw <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>.</summary>
public static class PrefixFiles
{
    /// <summary>Looks at every file: at its head, or at all of it.</summary>
    /// <param name="path">What <c>Cache:DiskPath</c> names.</param>
    /// <param name="whole">True: the states are checked, too.</param>
    public static PrefixFolderReport Examine(string path, bool whole)
    {
        var folder = CacheFolder.Look(path);
        var models = new HashSet<string>(StringComparer.Ordinal);
        var faults = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var (numFiles, numBytes, numTokens) = (0, 0L, 0L);
        var (oldest, newest) = (DateTime.MaxValue, DateTime.MinValue);
        foreach (var name in folder.List())
        {
            var fault = SpanFault.Unreadable;
            try
            {
                var bytes = folder.ReadStart(name, whole ? int.MaxValue : SpanFile.MaxHeadBytes, out var length);
                fault = SpanFile.ReadHead(bytes, length, name, fingerprint: [], out var header);
                fault = fault == SpanFault.Foreign ? SpanFault.None : fault; // whose model it is, nobody asks
                fault = fault == SpanFault.None && whole && SpanFile.ReadState(bytes) is null ? SpanFault.Corrupt : fault;
                if (fault == SpanFault.None)
                {
                    models.Add(SpanFile.FingerprintOf(bytes));
                    numTokens += header!.Tokens.Length;
                }

                numBytes += length;
                var lastUsed = folder.LastUsed(name);
                (oldest, newest) = (lastUsed < oldest ? lastUsed : oldest, lastUsed > newest ? lastUsed : newest);
            }
            catch (FileNotFoundException)
            {
                continue; // a running server deleted it
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Counted as unreadable.
            }

            numFiles++;
            if (fault != SpanFault.None)
            {
                var reason = fault.ToString().ToLowerInvariant();
                faults[reason] = faults.GetValueOrDefault(reason) + 1;
            }
        }

        return new PrefixFolderReport
        {
            Path = folder.Path,
            IsInUse = folder.IsInUse(),
            NumFiles = numFiles,
            NumBytes = numBytes,
            NumTokens = numTokens,
            NumModels = models.Count,
            OldestUse = numFiles == 0 ? null : oldest,
            NewestUse = numFiles == 0 ? null : newest,
            Faults = faults,
        };
    }

    /// <summary>Deletes every prefix; null if a running server owns the folder.</summary>
    /// <param name="path">What <c>Cache:DiskPath</c> names.</param>
    /// <returns>How many files.</returns>
    public static int? Clear(string path)
    {
        if (!CacheFolder.Look(path).Exists)
        {
            return 0;
        }

        using var folder = CacheFolder.Open(path);
        if (folder is null)
        {
            return null;
        }

        var names = folder.List();
        foreach (var name in names)
        {
            folder.Delete(name);
        }

        return names.Count;
    }
}
