using System.Text.Json;
using InferenceServer.Server.Hosting;
using InferenceServer.Server.OpenAi;
using InferenceServer.Server.Service;

namespace InferenceServer.Server.Doctor;

/// <summary>Whether the server could listen, or does so already.</summary>
internal static class PortCheck
{
    /// <summary>Looks at the port.</summary>
    public static async Task<Finding> ExamineAsync(Settings settings, CancellationToken cancellationToken)
    {
        if (Listening.FindTakenPort(settings) is not { } taken)
        {
            return Finding.Ok("port", settings.Server.Port == 0 ? "any that is free" : $"{settings.Server.Port} of {settings.Server.Host} is free");
        }

        return await FindServerAsync(settings, cancellationToken) is { } server
            ? Finding.Ok("port", $"{settings.Server.Port} of {settings.Server.Host}: {server.Name} {server.Version} answers there and serves {server.Model}")
            : Finding.Error("port", taken.TrimEnd('.'), $"choose another with --port, or see who has it: sudo lsof -nP -iTCP:{settings.Server.Port} -sTCP:LISTEN");
    }

    /// <summary>What a server of ours at the settings' address says of itself; null if there is none.</summary>
    public static async Task<ServiceIndex?> FindServerAsync(Settings settings, CancellationToken cancellationToken)
    {
        if (LocalClient.Create(settings) is not { } client)
        {
            return null;
        }

        using (client)
        {
            try
            {
                using var response = await client.GetAsync("/", cancellationToken);
                return JsonSerializer.Deserialize(await response.Content.ReadAsStringAsync(cancellationToken), OpenAiJson.Wire.ServiceIndex) is { Name: "InferenceServer" } index ? index : null;
            }
            catch (Exception e) when (e is HttpRequestException or JsonException || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested))
            {
                return null;
            }
        }
    }
}
