namespace InferenceServer.Telemetry.Power.MacOS;

/// <summary>What one raw channel of IOReport says of itself.</summary>
/// <param name="Name">Unique within its group, as far as it matters here.</param>
/// <param name="SubGroup">Null if it has none.</param>
/// <param name="Unit">Null if it has none.</param>
/// <param name="States">Names of a state channel's states; empty for any other.</param>
internal sealed record IOReportChannel(string Name, string? SubGroup, string? Unit, IReadOnlyList<string> States)
{
    /// <summary>Reads it from the channel's dictionary; null if it has no name.</summary>
    public static IOReportChannel? Describe(nint channel)
    {
        if (CFObject.ReadText(IOReportApi.IOReportChannelGetChannelName(channel)) is not { } name)
        {
            return null;
        }

        var count = Math.Max(0, IOReportApi.IOReportStateGetCount(channel));
        var states = Enumerable.Range(0, count).Select(index => CFObject.ReadText(IOReportApi.IOReportStateGetNameForIndex(channel, index)) ?? "");
        return new IOReportChannel(
            name,
            CFObject.ReadText(IOReportApi.IOReportChannelGetSubGroup(channel)),
            CFObject.ReadText(IOReportApi.IOReportChannelGetUnitLabel(channel))?.Trim(),
            [.. states]);
    }
}
