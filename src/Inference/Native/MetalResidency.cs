namespace InferenceServer.Inference.Native;

/// <summary>
/// Has Metal keep an idle model wired. The library asks for residency only until some time after the last graph, three minutes unless a variable says
/// otherwise (ggml-metal-device.m); then macOS takes the memory, and the next token pays for it. Not run on hardware.
/// </summary>
internal static class MetalResidency
{
    /// <summary>115 days, counted from the last graph. The library counts in 200ths of a second in an int: more than 10,737,418 s would overflow it and keep nothing alive.</summary>
    private const int Seconds = 10_000_000;

    /// <summary>Before the library is loaded; it reads the variable once. One that is set already stays. Managed code would only set its own copy.</summary>
    public static unsafe void KeepAlive()
    {
        fixed (byte* name = "GGML_METAL_RESIDENCY_KEEP_ALIVE_S\0"u8, value = System.Text.Encoding.ASCII.GetBytes($"{Seconds}\0"))
        {
            _ = SystemApi.setenv(name, value, overwrite: 0);
        }
    }
}
