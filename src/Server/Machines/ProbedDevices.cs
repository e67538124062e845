using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using InferenceServer.Inference;
using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Models.Planning;
using InferenceServer.Server.Commands;
using InferenceServer.Server.Doctor;

namespace InferenceServer.Server.Machines;

/// <summary>The GPUs that the options select, asked for in a process that ends again, so that this one loads no native library.</summary>
internal static class ProbedDevices
{
    // A driver's first start may compile its kernels.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Asks. As <see cref="PlanDevice.Select"/>: empty where the processor computes, and where nothing can be told.</summary>
    public static IReadOnlyList<PlanDevice> Select(InferenceOptions options)
    {
        if (options.GpuLayers == 0 || !ComputeLibraries.HasGpuKinds())
        {
            return [];
        }

        var start = new ProcessStartInfo(OwnProgram.Words[0]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var word in OwnProgram.Words.Skip(1).Append(DevicesCommand.Name).Append(options.Device))
        {
            start.ArgumentList.Add(word);
        }

        using var process = Process.Start(start);
        if (process is null)
        {
            return [];
        }

        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        var output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill();
            return [];
        }

        try
        {
            return JsonSerializer.Deserialize(output.GetAwaiter().GetResult(), PlanDeviceJson.Default.PlanDeviceArray) ?? [];
        }
        catch (JsonException)
        {
            // It crashed, as the engine would; the engine will say why.
            return [];
        }
    }

    /// <summary>What the process answers.</summary>
    public static string Write(IReadOnlyList<PlanDevice> devices) => JsonSerializer.Serialize([.. devices], PlanDeviceJson.Default.PlanDeviceArray);
}

[JsonSerializable(typeof(PlanDevice[]))]
internal sealed partial class PlanDeviceJson : JsonSerializerContext;
