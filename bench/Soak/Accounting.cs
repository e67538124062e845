namespace InferenceServer.Bench.Soak;

/// <summary>Ends of requests for text, as clients saw them.</summary>
/// <param name="Answered">Answers that came whole, and those that came whole and were wrong: the server cannot know.</param>
/// <param name="Failed">Answers that ended by an error.</param>
/// <param name="Left">Requests whose clients hung up: taken or not, ended before or not.</param>
/// <param name="LeftAdmitted">Of those, the ones known to have been taken.</param>
internal sealed record ClientCounts(long Answered, long Failed, long Left, long LeftAdmitted);

/// <summary>Ends of answers by the server's count.</summary>
/// <param name="Finished">By a stop or by their length.</param>
/// <param name="Aborted">Because the client left.</param>
/// <param name="Failed">By an error.</param>
internal sealed record ServerCounts(long Finished, long Aborted, long Failed);

/// <summary>Compares what clients saw with what the server counted. Pure.</summary>
internal static class Accounting
{
    /// <summary>What does not add up; empty if every admitted request has exactly one end on both sides.</summary>
    public static IReadOnlyList<string> Check(ClientCounts clients, ServerCounts server)
    {
        var faults = new List<string>();
        if (server.Finished < clients.Answered || server.Finished > clients.Answered + clients.Left)
        {
            faults.Add($"{server.Finished} answers finished, clients saw {clients.Answered} and left {clients.Left}");
        }

        if (server.Failed != clients.Failed)
        {
            faults.Add($"{server.Failed} answers failed, clients saw {clients.Failed}");
        }

        // One that left may have had its whole answer on the way.
        var ends = server.Finished + server.Aborted + server.Failed;
        var seen = clients.Answered + clients.Failed;
        if (ends < seen + clients.LeftAdmitted || ends > seen + clients.Left)
        {
            faults.Add($"{ends} ends, clients saw {seen} and left {clients.Left}, {clients.LeftAdmitted} of them admitted");
        }

        return faults;
    }
}
