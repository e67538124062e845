namespace InferenceServer.Server.Doctor;

/// <summary>Something that we say of our server, tried on this machine.</summary>
/// <param name="Name">What we say.</param>
/// <param name="Verdict">Whether it is so.</param>
/// <param name="Seen">What was seen, with numbers; or why it was not tried.</param>
internal sealed record Claim(string Name, ClaimVerdict Verdict, string Seen);

/// <summary>Whether a claim holds.</summary>
internal enum ClaimVerdict
{
    /// <summary>It holds here.</summary>
    Passed,

    /// <summary>A number for which there is nothing to compare it with.</summary>
    Measured,

    /// <summary>This machine has nothing that it is about.</summary>
    NotApplicable,

    /// <summary>It could be tried here, but was not.</summary>
    NotTried,

    /// <summary>It does not hold here.</summary>
    Failed,
}
