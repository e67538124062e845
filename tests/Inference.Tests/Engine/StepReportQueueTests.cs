using InferenceServer.Inference.Engine;

namespace InferenceServer.Inference.Tests.Engine;

public sealed class StepReportQueueTests
{
    private const int MaxRows = 3;

    [Fact]
    public void Reports_WrittenAndRead_ComeInOrderWithTheirRows()
    {
        var queue = new StepReportQueue(MaxRows);
        for (var i = 0; i < 5_000; i++)
        {
            Write(queue, i);
            Assert.True(queue.TryRead((in StepReport report, ReadOnlySpan<StepRow> rows) => Check(i, report, rows)));
        }

        Assert.False(queue.TryRead((in StepReport _, ReadOnlySpan<StepRow> _) => Assert.Fail("There is nothing to read.")));
        Assert.Equal(0, queue.NumDropped);
    }

    [Fact]
    public void Reports_ThatNobodyReads_AreDroppedAndCounted()
    {
        var queue = new StepReportQueue(MaxRows);
        for (var i = 0; i < 1_500; i++)
        {
            Write(queue, i);
        }

        Assert.Equal(1_500 - 1_024, queue.NumDropped);
        var next = 0;
        while (queue.TryRead((in StepReport report, ReadOnlySpan<StepRow> rows) => Check(next, report, rows)))
        {
            next++;
        }

        // The oldest are kept: what follows a gap is told by the counts of the engine, not by reports.
        Assert.Equal(1_024, next);
        Write(queue, 9_999);
        Assert.True(queue.TryRead((in StepReport report, ReadOnlySpan<StepRow> rows) => Check(9_999, report, rows)));
    }

    [Fact]
    public async Task Reports_ReadWhileWritten_AreNeverTorn()
    {
        var queue = new StepReportQueue(MaxRows);
        const int Count = 300_000;
        var writer = Task.Run(() =>
        {
            for (var i = 0; i < Count; i++)
            {
                Write(queue, i);
            }
        });
        long numRead = 0, last = -1;
        while (!writer.IsCompleted || numRead + queue.NumDropped < Count)
        {
            queue.TryRead((in StepReport report, ReadOnlySpan<StepRow> rows) =>
            {
                Assert.True(report.StartedAt > last);
                last = report.StartedAt;
                Check(last, report, rows);
                numRead++;
            });
        }

        await writer;
        Assert.Equal(Count, numRead + queue.NumDropped);
    }

    private static void Write(StepReportQueue queue, long number)
    {
        var rows = queue.Begin();
        if (rows.IsEmpty)
        {
            return;
        }

        var numRows = (int)(number % (MaxRows + 1));
        for (var i = 0; i < numRows; i++)
        {
            rows[i] = new StepRow(number, IsDecode: true, 1, (int)number, NumOutputTokens: 1, i);
        }

        queue.End(
            new StepReport
            {
                StartedAt = number,
                EndedAt = number,
                RunSeconds = number,
                Status = RunStatus.Ok,
                NumDecodes = numRows,
                NumPrefillTokens = 0,
                NumOutputTokens = numRows,
            },
            numRows);
    }

    private static void Check(long number, in StepReport report, ReadOnlySpan<StepRow> rows)
    {
        Assert.Equal((number, number, (double)number), (report.StartedAt, report.EndedAt, report.RunSeconds));
        Assert.Equal(number % (MaxRows + 1), rows.Length);
        for (var i = 0; i < rows.Length; i++)
        {
            Assert.Equal((number, (float)i), (rows[i].RequestId, rows[i].Share));
        }
    }
}
