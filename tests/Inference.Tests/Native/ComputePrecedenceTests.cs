using System.Globalization;
using InferenceServer.Inference.Native;

namespace InferenceServer.Inference.Tests.Native;

public sealed class ComputePrecedenceTests
{
    [SkippableFact]
    public void Yield_OnLinux_LowersTheCallingThreadAlone()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Only Linux has nice values of threads.");
        var before = Niceness();
        var yielded = 0;

        var thread = new Thread(() =>
        {
            ComputePrecedence.Yield();
            yielded = Niceness();
        });
        thread.Start();
        thread.Join();

        Assert.Equal(Math.Min(before + 10, 19), yielded);
        Assert.Equal(before, Niceness());
    }

    // Of the calling thread: field 19 of its stat, 17th after the name, which ends with the last bracket.
    private static int Niceness()
    {
        var stat = File.ReadAllText("/proc/thread-self/stat");
        return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[16], CultureInfo.InvariantCulture);
    }
}
