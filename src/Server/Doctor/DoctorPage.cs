namespace InferenceServer.Server.Doctor;

/// <summary>The page of findings, a line each as they come.</summary>
/// <param name="output">Where to.</param>
internal sealed class DoctorPage(TextWriter output)
{
    // The longest topic.
    private const int TopicWidth = 12;

    /// <summary>The worst so far.</summary>
    public FindingLevel Worst { get; private set; }

    /// <summary>Writes a line, and what to do on the next.</summary>
    public void Write(Finding finding)
    {
        Worst = (FindingLevel)Math.Max((int)Worst, (int)finding.Level);
        output.WriteLine($"{finding.Level.ToString().ToLowerInvariant(),-8} {finding.Topic,-TopicWidth} {finding.Text}");
        if (finding.Advice is { } advice)
        {
            output.WriteLine($"{"",-8} {"",-TopicWidth} -> {advice}");
        }
    }
}
