using System.Buffers.Binary;
using InferenceServer.Telemetry.Power.MacOS;

namespace InferenceServer.Telemetry.Tests.Power.MacOS;

/// <summary>The parsers and the arithmetic behind the macOS sources.</summary>
public sealed class MacPartsTests
{
    [Fact]
    public void Element_IsReadByItsOffsets()
    {
        var bytes = new byte[64];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, 0x1_0000_0456);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), 0x4750_5520);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(24), 123_456_789);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(32), 987_654_321);
        Assert.Equal(new IOReportElement(0x1_0000_0456, 0x4750_5520, 123_456_789, 987_654_321), IOReportElement.Read(bytes));
        Assert.Null(IOReportElement.Read(bytes.AsSpan(0, 63)));
    }

    [Fact]
    public void Clock_TurnsTicksIntoOurTimeByTheirAge()
    {
        var clock = new MachClock(125 / 3.0 * 1e-9);
        Assert.Equal(7, clock.ToSeconds(24_000_000, 96_000_000, 10), 9);
        Assert.Equal(10, clock.ToSeconds(0, 96_000_000, 10));
        Assert.Equal(10, clock.ToSeconds(97_000_000, 96_000_000, 10));
    }

    [Fact]
    public void Residency_IsDividedByTicksCounted()
    {
        var meter = new ResidencyMeter([true, false, false], [400e6, 1300e6]);
        meter.Update([0, 0, 0]);
        Assert.Null(meter.Active);
        meter.Update([10, 10, 20]); // however many ticks a second has
        Assert.Equal(0.75, meter.Active);
        Assert.Equal(((400e6 * 10) + (1300e6 * 20)) / 30, meter.Frequency!.Value, 3);
    }

    [Fact]
    public void Residency_AtRest_HasNoFrequency()
    {
        var meter = new ResidencyMeter([true, false], [400e6]);
        meter.Update([0, 0]);
        meter.Update([10, 0]);
        Assert.Equal(0, meter.Active);
        Assert.Null(meter.Frequency);
    }

    // The table of an M4 Max has 1182 twice and 1312 before 1242: states and table go together by their order.
    [Fact]
    public void Residency_WithATableOutOfOrder_PairsByPosition()
    {
        var meter = new ResidencyMeter([true, false, false, false, false], [1182e6, 1182e6, 1312e6, 1242e6]);
        meter.Update([0, 0, 0, 0, 0]);
        meter.Update([0, 0, 0, 1, 3]);
        Assert.Equal((1312e6 + (3 * 1242e6)) / 4, meter.Frequency!.Value, 3);
    }

    [Fact]
    public void Residency_WithMoreStatesThanFrequencies_StillTellsTheUse()
    {
        var meter = new ResidencyMeter([true, false, false], [400e6]);
        meter.Update([0, 0, 0]);
        meter.Update([1, 1, 2]);
        Assert.Equal(0.75, meter.Active);
        Assert.Null(meter.Frequency);
    }

    [Fact]
    public void Residency_AfterAnErrorOrAFall_BeginsAnew()
    {
        var meter = new ResidencyMeter([true, false], []);
        meter.Update([10, 10]);
        meter.Update([20, long.MinValue]);
        Assert.Null(meter.Active);
        meter.Update([30, 30]);
        Assert.Null(meter.Active);
        meter.Update([40, 40]);
        Assert.Equal(0.5, meter.Active);
        meter.Update([0, 0]);
        Assert.Null(meter.Active);
    }

    [Theory]
    [InlineData("OFF", true)]
    [InlineData("IDLE", true)]
    [InlineData("DOWN", true)]
    [InlineData("P1", false)]
    [InlineData("V0P5", false)]
    [InlineData(null, false)]
    public void States_OfRest_AreKnownByName(string? name, bool isIdle) => Assert.Equal(isIdle, ResidencyMeter.IsIdleState(name));

    [Fact]
    public void Table_InHertzOrKilohertz_IsTheSame()
    {
        Assert.Equal([396e6, 720e6, 1398e6], FrequencyTable.Parse(Pairs(0, 396_000_000, 720_000_000, 1_398_000_000)));
        Assert.Equal([1020e6, 4512e6], FrequencyTable.Parse(Pairs(1_020_000, 4_512_000)));
        Assert.Empty(FrequencyTable.Parse([]));
        Assert.Empty(FrequencyTable.Parse([1, 2, 3]));
    }

    [Fact]
    public void Smc_PacketsHaveTheDriversLayout()
    {
        var packet = new byte[SmcPacket.Size];
        SmcPacket.WriteReadRequest(packet, "PSTR", 4);
        Assert.Equal("RTSP"u8.ToArray(), packet[..4]); // a number in little-endian order
        Assert.Equal(4, packet[28]);
        Assert.Equal(5, packet[42]);
        SmcPacket.WriteKeyInfoRequest(packet, "PSTR");
        Assert.Equal((0, 9), (packet[28], packet[42]));
    }

    [Fact]
    public void Smc_AnswersAreReadByTheirTypes()
    {
        var packet = new byte[SmcPacket.Size];
        BinaryPrimitives.WriteUInt32LittleEndian(packet.AsSpan(28), 4);
        BinaryPrimitives.WriteUInt32LittleEndian(packet.AsSpan(32), 0x666C7420);
        var info = SmcPacket.ReadInfo(packet)!.Value;
        BinaryPrimitives.WriteSingleLittleEndian(packet.AsSpan(48), 61.4f);
        Assert.Equal(61.4f, SmcPacket.ReadFloat(packet, info));
        Assert.Null(SmcPacket.ReadFloat(packet, (2, SmcPacket.ToCode("sp78"))));
        packet[40] = 132;
        Assert.Null(SmcPacket.ReadInfo(packet));
        Assert.Null(SmcPacket.ReadFloat(packet, info));
    }

    [Theory]
    [InlineData("pid 533, WindowServer", 533)]
    [InlineData("pid 7", 7)]
    [InlineData("pid , x", null)]
    [InlineData("kernel", null)]
    [InlineData("", null)]
    public void Creator_IsAProcessOrNone(string text, int? expected) => Assert.Equal(expected, ProcessGpuTime.ParseCreator(text));

    [Fact]
    public void GpuTime_CountsWhatWasUsedSinceTheFirstLook()
    {
        var times = new ProcessGpuTime(() => 42);
        times.Observe(1, 42, 5_000_000_000);
        times.Observe(2, 7, 9_000_000_000);
        times.EndLook();
        Assert.Equal((0, 0), (times.Self, times.Other));

        times.Observe(1, 42, 6_000_000_000);
        times.Observe(3, 42, 500_000_000); // opened since
        times.EndLook(); // connection 2 was closed
        Assert.Equal((1.5, 0), (times.Self, times.Other));

        times.Observe(1, 42, 6_000_000_000);
        times.Observe(2, 7, 9_500_000_000);
        times.EndLook();
        Assert.Equal(1.5, times.Self);
        Assert.True(times.Other >= 0);
    }

    private static byte[] Pairs(params uint[] frequencies)
    {
        var bytes = new byte[frequencies.Length * 8];
        for (var i = 0; i < frequencies.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i * 8), frequencies[i]);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan((i * 8) + 4), frequencies[i] == 0 ? 0 : 800u);
        }

        return bytes;
    }
}
