namespace InferenceServer.Telemetry.Power.Nvidia;

/// <summary><c>nvmlReturn_t</c>, as far as it matters here.</summary>
internal enum NvmlStatus
{
    /// <summary>Done.</summary>
    Success = 0,

    /// <summary><c>nvmlInit</c> was not called, or the driver was unloaded since.</summary>
    Uninitialized = 1,

    /// <summary>The device does not tell this.</summary>
    NotSupported = 3,

    /// <summary>This user may not ask.</summary>
    NoPermission = 4,

    /// <summary>Nothing of the kind; for lists: empty.</summary>
    NotFound = 6,

    /// <summary>The space given is too small; the size needed was written.</summary>
    InsufficientSize = 7,

    /// <summary>The driver is not loaded.</summary>
    DriverNotLoaded = 9,

    /// <summary>The library has no such function: it is older than the function.</summary>
    FunctionNotFound = 13,

    /// <summary>The device fell off the bus.</summary>
    GpuIsLost = 15,
}
