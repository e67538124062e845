using InferenceServer.Server.Hosting;

namespace InferenceServer.Server.Service;

/// <summary>One thing to do to the machine, as data. Its text is a line for people; secrets are not in it.</summary>
internal abstract record ServiceStep
{
    private ServiceStep()
    {
    }

    /// <summary>A folder is there, with all above it; one that was there keeps its mode.</summary>
    public sealed record Folder(string Path, UnixFileMode Mode) : ServiceStep
    {
        public override string ToString() => $"folder {Path} ({Octal(Mode)})";
    }

    /// <summary>A file has a text and a mode. At no moment is there half of it, or another mode.</summary>
    public sealed record TextFile(string Path, string Text, UnixFileMode Mode) : ServiceStep
    {
        public override string ToString() => $"file {Path} ({Octal(Mode)})";
    }

    /// <summary>A build is copied whole to a folder of its own, readable for all; one that is there already stays.</summary>
    public sealed record Build(string Source, string Target) : ServiceStep
    {
        public override string ToString() => $"copy {Source} to {Target}";
    }

    /// <summary>A link points somewhere, from one moment to the next. What is no link is not replaced.</summary>
    public sealed record Link(string Path, string Target) : ServiceStep
    {
        public override string ToString() => $"link {Path} to {Target}";
    }

    /// <summary>A file, a link or a folder with all that is in it is gone.</summary>
    public sealed record Deletion(string Path) : ServiceStep
    {
        public override string ToString() => $"delete {Path}";
    }

    /// <summary>A program of the system runs and ends with 0.</summary>
    public sealed record Command(string Program, params IReadOnlyList<string> Arguments) : ServiceStep
    {
        /// <summary>Variables beside those that there are.</summary>
        public IReadOnlyList<(string Name, string Value)> Environment { get; init; } = [];

        /// <summary>Where it runs; null is anywhere.</summary>
        public string? WorkingFolder { get; init; }

        /// <summary>True: another exit code is no failure.</summary>
        public bool MayFail { get; init; }

        /// <summary>For so long another exit code means to try again.</summary>
        public TimeSpan RetryFor { get; init; }

        public override string ToString() => $"run {string.Join(' ', Arguments.Prepend(Program).Select(Quote))}";
    }

    /// <summary>The server answers that it is ready. One that ended instead is a failure; one that still loads or waits after a while is not.</summary>
    /// <param name="Server">The settings that it has, to ask it itself where the service manager does not know.</param>
    public sealed record Readiness(Settings Server) : ServiceStep
    {
        public override string ToString() => $"wait until the server is ready{(LocalClient.AddressOf(Server) is { } address ? $" at {address.GetLeftPart(UriPartial.Authority)}" : "")}";
    }

    private static string Octal(UnixFileMode mode) => $"0{Convert.ToString((int)mode, 8)}";

    private static string Quote(string word) => word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:=@,".Contains(c)) ? word : $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
