using InferenceServer.Server.Doctor;

namespace InferenceServer.Server.Tests.Doctor;

/// <summary>Measurements that were none.</summary>
internal static class DecodeMeasurements
{
    /// <summary>Of a machine that tells nothing but the time.</summary>
    public static DecodeMeasurement Of(int context, double rate) => new()
    {
        Context = context,
        PrefillRate = 100,
        Rate = rate,
        BytesPerSecond = null,
        NominalBytesPerSecond = null,
        Source = null,
        Watts = null,
        TokensPerJoule = null,
        GpuShare = null,
    };
}
