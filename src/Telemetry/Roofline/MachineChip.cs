using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace InferenceServer.Telemetry.Roofline;

/// <summary>What a Mac's chip is, as far as its bandwidth depends on it.</summary>
/// <param name="Name">For example <c>Apple M4 Max</c>.</param>
/// <param name="CpuCores">Physical cores; null if unknown. Chips of one name are sold with fewer cores and a narrower bus.</param>
/// <param name="GpuCores">Cores of the GPU; null if unknown.</param>
internal sealed record MachineChip(string Name, int? CpuCores, int? GpuCores)
{
    /// <summary>This machine's; null unless it is a Mac. The calls were never seen on one.</summary>
    public static MachineChip? Find()
    {
        if (!OperatingSystem.IsMacOS())
        {
            return null;
        }

        Span<byte> name = stackalloc byte[128];
        var length = (nuint)name.Length;
        if (Native.GetValue("machdep.cpu.brand_string", name, ref length, 0, 0) != 0)
        {
            return null;
        }

        Span<byte> cores = stackalloc byte[4];
        var coresLength = (nuint)cores.Length;
        int? cpuCores = Native.GetValue("hw.physicalcpu", cores, ref coresLength, 0, 0) == 0 && coresLength == 4 ? MemoryMarshal.Read<int>(cores) : null;
        var text = name[..(int)length];
        return new MachineChip(Encoding.UTF8.GetString(text.TrimEnd((byte)0)), cpuCores, GpuCores: null);
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} ({CpuCores} CPU cores, {GpuCores} GPU cores)");
}

/// <summary>macOS' sysctl(3).</summary>
internal static partial class Native
{
    /// <summary>Reads a value by name. 0 is success, -1 none of that name or too little room.</summary>
    /// <param name="name">Of the value.</param>
    /// <param name="value">Room for it.</param>
    /// <param name="length">Bytes of room; then bytes of value.</param>
    /// <param name="newValue">0: only read.</param>
    /// <param name="newLength">0.</param>
    [LibraryImport("libSystem", EntryPoint = "sysctlbyname", StringMarshalling = StringMarshalling.Utf8), UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int GetValue(string name, Span<byte> value, ref nuint length, nint newValue, nuint newLength);
}
