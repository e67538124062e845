namespace InferenceServer.Telemetry.Power.Attribution;

/// <summary>What one sequence had of a step.</summary>
/// <param name="RequestId">Whose sequence.</param>
/// <param name="IsPrefill">True: its prompt was computed; false: its next token.</param>
/// <param name="Share">Of the step's cost, as measured, not as counted in tokens; in any unit that is the same for all sequences of the step.</param>
/// <param name="NumOutputTokens">Tokens that the step gave it.</param>
public readonly record struct StepShare(long RequestId, bool IsPrefill, float Share, int NumOutputTokens);
