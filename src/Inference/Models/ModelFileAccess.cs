namespace InferenceServer.Inference.Models;

/// <summary>Opens model files, and turns what the system says against that into faults.</summary>
internal static class ModelFileAccess
{
    /// <summary>Opens a file to read. Throws as <see cref="FileStream"/> does.</summary>
    public static Stream Open(string path)
    {
        // Looked up before it is opened: a pipe or a device has no length, and opening it might wait for ever.
        var info = new FileInfo(path);
        if (info.Exists && info.Length == 0)
        {
            return Stream.Null;
        }

        return new FileStream(path, new FileStreamOptions { Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 });
    }

    /// <summary>Runs what opens and reads a file.</summary>
    /// <param name="path">In full.</param>
    /// <param name="read">Is given the path; returns what is wrong, or null.</param>
    public static ModelFileFault? TryRun(string path, Func<string, ModelFileFault?> read)
    {
        try
        {
            return read(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return new ModelFileFault(ModelFileError.NotFound, "does not exist");
        }
        catch (UnauthorizedAccessException)
        {
            return Directory.Exists(path)
                ? new ModelFileFault(ModelFileError.IsDirectory, "is a directory; name a .gguf file in it")
                : new ModelFileFault(ModelFileError.NoPermission, "may not be read by this user");
        }
        catch (IOException exception)
        {
            return new ModelFileFault(ModelFileError.Unreadable, $"could not be read: {exception.Message.ReplaceLineEndings(" ")}");
        }
    }
}
