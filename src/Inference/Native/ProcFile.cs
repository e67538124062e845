using System.Globalization;

namespace InferenceServer.Inference.Native;

/// <summary>Linux's files of one number a line, such as <c>/proc/meminfo</c>. Any thread.</summary>
internal static class ProcFile
{
    /// <summary>The number behind a name, without its unit; null where there is no such file or line.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">What the line begins with, up to the number or the spaces before it.</param>
    public static long? ReadNumber(string file, string name)
    {
        try
        {
            var line = File.Exists(file) ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) : null;
            return line is not null && long.TryParse(line[name.Length..].Trim().Split(' ')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
