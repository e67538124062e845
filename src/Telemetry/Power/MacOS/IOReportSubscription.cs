using System.Text;

namespace InferenceServer.Telemetry.Power.MacOS;

/// <summary>
/// Chosen channels of one IOReport group. One subscription a group, because a group that cannot be had would take the others with it. One
/// thread at a time.
/// </summary>
internal sealed class IOReportSubscription : IDisposable
{
    private static readonly string ChannelsKey = "IOReportChannels";

    private readonly CFObject _subscription;
    private readonly CFObject _subscribed;
    private readonly CFObject _channelsKey;
    private readonly byte[][] _names;
    private readonly byte[] _name = new byte[256];

    private IOReportSubscription(CFObject subscription, CFObject subscribed, CFObject channelsKey, IReadOnlyList<IOReportChannel> channels)
    {
        _subscription = subscription;
        _subscribed = subscribed;
        _channelsKey = channelsKey;
        Channels = channels;
        _names = [.. channels.Select(channel => Encoding.UTF8.GetBytes(channel.Name))];
    }

    /// <summary>What was subscribed to.</summary>
    public IReadOnlyList<IOReportChannel> Channels { get; }

    /// <summary>Subscribes.</summary>
    /// <param name="group">Name of the group.</param>
    /// <param name="choose">Which of its channels; names that occur twice are offered once.</param>
    /// <returns>Null if the group does not exist here, has none of the channels, or cannot be had.</returns>
    public static IOReportSubscription? Open(string group, Func<IReadOnlyList<IOReportChannel>, IEnumerable<IOReportChannel>> choose)
    {
        using var groupName = CFObject.Text(group);
        using var desired = CFObject.Take(IOReportApi.IOReportCopyChannelsInGroup(groupName.Value, 0, 0, 0, 0));
        if (desired is null)
        {
            return null;
        }

        var channelsKey = CFObject.Text(ChannelsKey);
        if (Filter(desired, channelsKey, choose) is { Count: > 0 } chosen)
        {
            var subscription = CFObject.Take(IOReportApi.IOReportCreateSubscription(0, desired.Value, out var subscribedValue, 0, 0));
            var subscribed = CFObject.Take(subscribedValue);
            if (subscription is not null && subscribed is not null)
            {
                return new IOReportSubscription(subscription, subscribed, channelsKey, chosen);
            }

            subscription?.Dispose();
            subscribed?.Dispose();
        }

        channelsKey.Dispose();
        return null;
    }

    /// <summary>Reads all channels.</summary>
    /// <param name="visit">Gets the index in <see cref="Channels"/> and the channel's dictionary, valid during the call.</param>
    public void Sample(Action<int, nint> visit)
    {
        using var sample = CFObject.Take(IOReportApi.IOReportCreateSamples(_subscription.Value, _subscribed.Value, 0))
            ?? throw new InvalidOperationException("IOReport gave no sample.");
        var array = CFObject.ReadValue(sample.Value, _channelsKey);
        var count = CFObject.CountItems(array);
        for (nint i = 0; i < count; i++)
        {
            var channel = CoreFoundationApi.CFArrayGetValueAtIndex(array, i);
            if (Find(channel, (int)i) is >= 0 and var index)
            {
                visit(index, channel);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _subscription.Dispose();
        _subscribed.Dispose();
        _channelsKey.Dispose();
    }

    // Leaves only the chosen channels in the dictionary.
    private static List<IOReportChannel> Filter(CFObject desired, CFObject channelsKey, Func<IReadOnlyList<IOReportChannel>, IEnumerable<IOReportChannel>> choose)
    {
        var array = CFObject.ReadValue(desired.Value, channelsKey);
        var all = new Dictionary<string, (IOReportChannel Channel, nint Value)>();
        for (nint i = 0; i < CFObject.CountItems(array); i++)
        {
            var value = CoreFoundationApi.CFArrayGetValueAtIndex(array, i);
            if (IOReportChannel.Describe(value) is { } channel)
            {
                all.TryAdd(channel.Name, (channel, value));
            }
        }

        List<IOReportChannel> chosen = [.. choose([.. all.Values.Select(pair => pair.Channel)])];
        using var filtered = CFObject.Take(CoreFoundationApi.CFArrayCreateMutable(0, chosen.Count, SystemLibraries.GetExport(SystemLibraries.CoreFoundation, "kCFTypeArrayCallBacks")))
            ?? throw new InvalidOperationException("CoreFoundation made no array.");
        foreach (var channel in chosen)
        {
            CoreFoundationApi.CFArrayAppendValue(filtered.Value, all[channel.Name].Value);
        }

        CoreFoundationApi.CFDictionarySetValue(desired.Value, channelsKey.Value, filtered.Value);
        return chosen;
    }

    // The order of a sample is normally that of the subscription, but nobody promises that.
    private int Find(nint channel, int likely)
    {
        var length = CFObject.ReadText(IOReportApi.IOReportChannelGetChannelName(channel), _name);
        var name = _name.AsSpan(0, length);
        if (likely < _names.Length && name.SequenceEqual(_names[likely]))
        {
            return likely;
        }

        for (var i = 0; i < _names.Length; i++)
        {
            if (name.SequenceEqual(_names[i]))
            {
                return i;
            }
        }

        return -1;
    }
}
