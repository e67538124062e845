using System.Globalization;
using System.Xml.Linq;

namespace InferenceServer.Server.Service;

/// <summary>A service as a property list for launchd. Checked against Apple's DTD; not run on hardware.</summary>
internal static class LaunchdPlist
{
    /// <summary>Apple's name for the format.</summary>
    public const string PublicId = "-//Apple//DTD PLIST 1.0//EN";

    // Empties the file of errors ($1) when it is larger than a megabyte, reads the secrets ($0), for which launchd has no key either, and becomes the
    // server: the process that launchd watches and signals.
    private const string ShellScript = "[ -z \"$(find \"$1\" -size +2048 2>/dev/null)\" ] || : >\"$1\"; shift; set -a; [ ! -r \"$0\" ] || . \"$0\"; exec \"$@\"";

    private const int ThrottleSeconds = 10;
    private const int MaxFiles = 65_536;

    /// <summary>The list's text.</summary>
    public static string Write(ServiceDefinition service)
    {
        var errors = service.ErrorFile ?? throw new ArgumentException("launchd keeps no log itself: a folder is needed.", nameof(service));
        var document = new XDocument(
            new XDocumentType("plist", PublicId, "http://www.apple.com/DTDs/PropertyList-1.0.dtd", null),
            new XElement("plist", new XAttribute("version", "1.0"), Dictionary([
                ("Label", Text(service.Name)),
                ("ProgramArguments", List(["/bin/sh", "-c", ShellScript, service.EnvironmentFile, errors, .. service.Command])),
                ("UserName", service.User is { } user ? Text(user) : null),
                ("WorkingDirectory", Text(service.SettingsFolder)),
                ("EnvironmentVariables", Dictionary([.. service.Environment().Select(variable => (variable.Name, (XElement?)Text(variable.Value)))])),
                ("RunAtLoad", new XElement("true")),
                ("KeepAlive", Dictionary([("SuccessfulExit", new XElement("false"))])),
                ("ThrottleInterval", Number(ThrottleSeconds)),
                ("ExitTimeOut", Number(service.StopSeconds)),
                ("ProcessType", Text("Interactive")),
                ("SoftResourceLimits", Dictionary([("NumberOfFiles", Number(MaxFiles))])),
                ("HardResourceLimits", Dictionary([("NumberOfFiles", Number(MaxFiles))])),
                ("Umask", Text("077")),

                // The server writes files of its own (Log:File), which it turns over; launchd would let one grow.
                ("StandardOutPath", Text("/dev/null")),
                ("StandardErrorPath", Text(errors)),
            ])));
        return $"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{document.ToString().ReplaceLineEndings("\n")}\n";
    }

    private static XElement Dictionary((string Key, XElement? Value)[] entries) =>
        new("dict", entries.Where(entry => entry.Value is not null).Select(entry => new object[] { new XElement("key", entry.Key), entry.Value! }));

    private static XElement List(string[] texts) => new("array", texts.Select(Text));

    private static XElement Text(string text) => new("string", text);

    private static XElement Number(int number) => new("integer", number.ToString(CultureInfo.InvariantCulture));
}
