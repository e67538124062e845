namespace InferenceServer.Server.Sleep;

/// <summary>When the machine is kept from going to sleep by itself.</summary>
internal enum SleepGuardMode
{
    /// <summary>Never.</summary>
    Never,

    /// <summary>While requests are answered, and a minute longer.</summary>
    Requests,

    /// <summary>As long as the server runs: a machine that sleeps answers nobody.</summary>
    Always,
}
