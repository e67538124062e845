using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using InferenceServer.Server.Hosting;

namespace InferenceServer.Server.Doctor;

/// <summary>The report of a self test, to be pasted into an issue: Markdown, without anything that is nobody's business.</summary>
internal static class SelfTestReport
{
    /// <summary>Writes it.</summary>
    /// <param name="page">What the doctor found.</param>
    /// <param name="claims">What was tried.</param>
    /// <param name="row">The machine in one row.</param>
    /// <param name="isQuick">True if nobody took the time that claims need.</param>
    /// <param name="now">The day.</param>
    public static string Write(string page, IReadOnlyList<Claim> claims, MachineRow? row, bool isQuick, DateTimeOffset now)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"## Self test of inference-server {ServerVersion.Text}, {now:yyyy-MM-dd}{(isQuick ? ", quick: its numbers are worth little" : "")}\n\n");
        if (row is not null)
        {
            text.Append(row.ToMarkdown().ReplaceLineEndings("\n")).Append("\n\n");
        }

        var counts = claims.GroupBy(claim => claim.Verdict).OrderBy(group => group.Key).Select(group => string.Create(CultureInfo.InvariantCulture, $"{group.Count()} {Word(group.Key)}"));
        text.Append(CultureInfo.InvariantCulture, $"Claims: {string.Join(", ", counts)}.\n\n| Claim | Here | Seen, or why not |\n|---|---|---|\n");
        foreach (var claim in claims)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {Cell(claim.Name)} | {(claim.Verdict == ClaimVerdict.Failed ? $"**{Word(claim.Verdict)}**" : Word(claim.Verdict))} | {Cell(claim.Seen)} |\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"\n```text\n{page.ReplaceLineEndings("\n").TrimEnd('\n')}\n```\n");
        return Anonymize(text.ToString(), Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify), Environment.MachineName);
    }

    /// <summary>Takes out the user's folder, and the machine's name where it stands as a word of its own.</summary>
    internal static string Anonymize(string text, string home, string machine)
    {
        text = home.Length > 1 ? text.Replace(home, "~", StringComparison.Ordinal) : text;
        return machine.Length > 0 && machine != "localhost"
            ? Regex.Replace(text, $@"(?<![\w-]){Regex.Escape(machine)}(?![\w-])", "(this machine)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)
            : text;
    }

    private static string Word(ClaimVerdict verdict) => verdict switch
    {
        ClaimVerdict.Passed => "passed",
        ClaimVerdict.Measured => "measured",
        ClaimVerdict.NotApplicable => "not applicable",
        ClaimVerdict.NotTried => "not tried",
        _ => "failed",
    };

    private static string Cell(string text) => text.Replace('\n', ' ').Replace("|", "\\|", StringComparison.Ordinal);
}
