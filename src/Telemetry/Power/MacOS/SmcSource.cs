using System.Runtime.InteropServices;

namespace InferenceServer.Telemetry.Power.MacOS;

/// <summary>
/// What the whole machine takes, from the system management controller: a reading of the moment, without privilege. It lies behind the power
/// supply, so a meter in the wall shows more.
/// </summary>
internal sealed class SmcSource : IPowerSource
{
    /// <summary>Provider name.</summary>
    public const string Provider = "smc";

    private const string Service = "AppleSMC";
    private const string PreferredEntry = "AppleSMCKeysEndpoint";

    private static readonly (string Key, PowerChannel Channel)[] Known =
    [
        ("PSTR", new PowerChannel
        {
            Id = Provider + "/system",
            Type = "host",
            Name = "PSTR",
            Quantity = PowerQuantity.Power,
            Boundary = EnergyBoundary.System,
            Note = "the machine behind its power supply, at the moment of reading",
        }),
        ("PDTR", new PowerChannel { Id = Provider + "/dc-in", Type = "power_supply", Name = "PDTR", Quantity = PowerQuantity.Power, Parent = null }),
    ];

    private readonly uint _connection;
    private readonly List<(string Key, (uint Size, uint Type) Info, PowerChannel Channel)> _keys = [];
    private readonly byte[] _request = new byte[SmcPacket.Size];
    private readonly byte[] _answer = new byte[SmcPacket.Size];
    private bool _isClosed;

    private SmcSource(uint connection)
    {
        _connection = connection;
        foreach (var (key, channel) in Known)
        {
            SmcPacket.WriteKeyInfoRequest(_request, key);
            if (Call() && SmcPacket.ReadInfo(_answer) is { } info)
            {
                _keys.Add((key, info, channel));
            }
        }

        Channels = [.. _keys.Select(key => key.Channel)];
    }

    /// <inheritdoc/>
    public TimeSpan Interval => TimeSpan.FromMilliseconds(100);

    /// <inheritdoc/>
    public IReadOnlyList<PowerChannel> Channels { get; }

    /// <summary>Opens what there is.</summary>
    public static PowerOpening Open()
    {
        if (!OperatingSystem.IsMacOS() && !SystemLibraries.IsReplaced(SystemLibraries.IOKit))
        {
            return PowerOpening.Missing(ChannelFault.NotFound, "this is not macOS");
        }

        if (!SystemLibraries.TryLoad(SystemLibraries.IOKit) || !SystemLibraries.TryLoad(SystemLibraries.MacSystem))
        {
            return PowerOpening.Missing(ChannelFault.NotFound, "IOKit cannot be loaded");
        }

        if (Connect() is not { } connection)
        {
            return PowerOpening.Missing(ChannelFault.NotFound, $"the service {Service} cannot be opened: a virtual machine");
        }

        var source = new SmcSource(connection);
        if (source._keys.Count > 0)
        {
            return PowerOpening.Of(source, source._keys.Exists(key => key.Key == "PSTR") ? null : "this machine has no key PSTR");
        }

        source.Dispose();
        return PowerOpening.Missing(ChannelFault.NotSupported, "the controller has neither key, PSTR nor PDTR");
    }

    /// <inheritdoc/>
    public void Read(double now, Span<PowerReading> readings)
    {
        for (var i = 0; i < _keys.Count; i++)
        {
            var (key, info, _) = _keys[i];
            SmcPacket.WriteReadRequest(_request, key, info.Size);
            var watts = Call() ? SmcPacket.ReadFloat(_answer, info) : null;
            readings[i] = watts switch
            {
                null => PowerReading.Missing(ChannelFault.NotSupported),

                // A machine that asks is not off: some have the key and always answer 0. Nothing may come in while it runs on its battery.
                <= 0 when key == "PSTR" => PowerReading.Missing(ChannelFault.NotSupported),
                _ => PowerReading.Of(watts.Value, now),
            };
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_isClosed)
        {
            _isClosed = true;
            _ = IOKitApi.IOServiceClose(_connection);
        }
    }

    private static uint? Connect()
    {
        // A variable of the system's library, not a function.
        var self = SystemLibraries.GetExport(SystemLibraries.MacSystem, "mach_task_self_");
        uint? connection = null;
        if (self == 0)
        {
            return null;
        }

        // The entry with the keys where there is one, else any.
        foreach (var takesAny in new[] { false, true })
        {
            IORegistry.VisitServices(Service, entry =>
            {
                if ((takesAny || IORegistry.GetName(entry) == PreferredEntry)
                    && IOKitApi.IOServiceOpen(entry, (uint)Marshal.ReadInt32(self), 0, out var opened) == 0)
                {
                    connection = opened;
                }

                return connection is null;
            });
            if (connection is not null)
            {
                break;
            }
        }

        return connection;
    }

    private bool Call()
    {
        nuint size = SmcPacket.Size;
        return IOKitApi.IOConnectCallStructMethod(_connection, SmcPacket.Selector, _request, SmcPacket.Size, _answer, ref size) == 0;
    }
}
