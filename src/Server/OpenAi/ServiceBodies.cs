namespace InferenceServer.Server.OpenAi;

/// <summary>Answer of the health routes when all is well.</summary>
internal sealed record HealthBody(string Status);

/// <summary>Answer of <c>POST /apply-template</c>.</summary>
/// <param name="Prompt">The text that the model would be given.</param>
internal sealed record AppliedTemplate(string Prompt);

/// <summary>Answer of <c>GET /</c> to programs.</summary>
/// <param name="Name">The program.</param>
/// <param name="Version">Its version.</param>
/// <param name="Model">Id of the served model.</param>
/// <param name="NeedsKey">True: the API asks for a key.</param>
/// <param name="Endpoints">Where to go on.</param>
internal sealed record ServiceIndex(string Name, string Version, string Model, bool NeedsKey, IReadOnlyList<string> Endpoints);
