namespace InferenceServer.Telemetry.Memory;

/// <summary>A part of this process's address space.</summary>
/// <param name="Start">Where it begins.</param>
/// <param name="Length">In bytes.</param>
internal readonly record struct AddressRange(long Start, long Length);
