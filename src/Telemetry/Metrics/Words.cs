using System.Text.Json;

namespace InferenceServer.Telemetry.Metrics;

/// <summary>Enumerations as label values: lower case, words joined by underscores.</summary>
internal static class Words
{
    /// <summary>The word for a value.</summary>
    public static string Of<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
