using System.Buffers.Binary;
using System.Text;
using InferenceServer.Inference.Cache.Disk;

namespace InferenceServer.Inference.Tests.Cache.Disk;

/// <summary>What is written for Time Machine, read by Apple's description of binary property lists; whether Time Machine heeds it only a Mac can tell.</summary>
public sealed class TimeMachineTests
{
    private const int TrailerBytes = 32;

    [Fact]
    public void Value_ReadAsAPropertyList_IsTheOneTextThatExcludes()
    {
        var list = TimeMachine.Value.ToArray();
        Assert.Equal("bplist00", Encoding.ASCII.GetString(list, 0, 8));
        var trailer = list.AsSpan(list.Length - TrailerBytes);
        Assert.Equal(1, trailer[6]); // bytes of an offset
        Assert.Equal(1L, BinaryPrimitives.ReadInt64BigEndian(trailer[8..])); // objects
        Assert.Equal(0L, BinaryPrimitives.ReadInt64BigEndian(trailer[16..])); // the top one
        var table = (int)BinaryPrimitives.ReadInt64BigEndian(trailer[24..]);
        Assert.Equal(table + 1 + TrailerBytes, list.Length);

        // A string of ASCII whose length of more than 14 follows as an integer of one byte.
        var at = list[table];
        Assert.Equal((0x5F, 0x10), (list[at], list[at + 1]));
        Assert.Equal("com.apple.backupd", Encoding.ASCII.GetString(list, at + 3, list[at + 2]));
        Assert.Equal(table, at + 3 + list[at + 2]);
    }
}
