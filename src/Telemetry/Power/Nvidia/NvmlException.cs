using System.Runtime.InteropServices;

namespace InferenceServer.Telemetry.Power.Nvidia;

/// <summary>The library refused what it should not have.</summary>
internal sealed class NvmlException(NvmlStatus status) : Exception($"NVML: {Describe(status)}")
{
    /// <summary>Throws unless it went well.</summary>
    public static void ThrowIfFailed(NvmlStatus status)
    {
        if (status != NvmlStatus.Success)
        {
            throw new NvmlException(status);
        }
    }

    private static string Describe(NvmlStatus status) => Marshal.PtrToStringUTF8(NvmlApi.nvmlErrorString(status)) ?? status.ToString();
}
