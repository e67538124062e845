using System.Globalization;
using InferenceServer.Server.Access;
using InferenceServer.Server.Hosting;

namespace InferenceServer.Server.Doctor;

/// <summary>Who may use the server, and whether a certificate is about to end.</summary>
internal static class AccessCheck
{
    /// <summary>Whether strangers could use it.</summary>
    public static Finding ExamineKeys(Settings settings)
    {
        var numKeys = (settings.Server.ApiKeyFile is { } file ? KeyFile.Read(file, []).Count : 0) + (settings.Server.ApiKey is null ? 0 : 1);
        var isLocal = ListenAddress.Parse(settings.Server.Host)!.IsLoopback;
        return numKeys > 0 ? Finding.Ok("access", $"{numKeys} keys; {(isLocal ? "from this machine only" : $"listens on {settings.Server.Host}")}")
            : isLocal ? Finding.Ok("access", "from this machine only, without a key")
            : Finding.Warning("access", $"listens on {settings.Server.Host} without a key: anyone on the network can use this machine", "inference-server keys add NAME --api-key-file FILE, and --api-key-file FILE instead of --insecure");
    }

    /// <summary>When it ends; null if there is none.</summary>
    /// <param name="settings">Which.</param>
    /// <param name="now">Today.</param>
    public static Finding? ExamineCertificate(Settings settings, DateTimeOffset now)
    {
        if (settings.Tls.Certificate.Path is null)
        {
            return null;
        }

        var end = new DateTimeOffset(TlsCertificate.Load(settings.Tls.Certificate).TargetCertificate.NotAfter);
        var text = string.Create(CultureInfo.InvariantCulture, $"valid until {end:yyyy-MM-dd}");
        return end < now ? Finding.Error("certificate", $"was {text}: clients refuse it", "renew it; SIGHUP takes it over")
            : end < now + TlsCertificate.Notice ? Finding.Warning("certificate", text, "renew it; SIGHUP takes it over")
            : Finding.Ok("certificate", text);
    }
}
