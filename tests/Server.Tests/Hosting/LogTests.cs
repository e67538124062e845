using System.Reflection;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Server.Tests.Hosting;

public sealed class LogTests
{
    [Fact]
    public void EventIds_OfAllMessages_AreUnique()
    {
        string[] assemblies = ["InferenceServer", "InferenceServer.Inference", "InferenceServer.Telemetry"];
        var messages = assemblies.SelectMany(name => Assembly.Load(name).GetTypes())
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Select(method => (method.Name, method.GetCustomAttribute<LoggerMessageAttribute>()?.EventId))
            .Where(message => message.EventId is > 0)
            .ToList();

        Assert.True(messages.Count > 40, "There are more messages than were found.");
        Assert.Empty(messages.GroupBy(message => message.EventId).Where(same => same.Count() > 1).Select(same => string.Join(", ", same)));
    }
}
