using System.Collections.Frozen;
using System.Security.Cryptography;

namespace InferenceServer.Server.Web;

/// <summary>The page's files, which the program carries in itself. Immutable; any thread.</summary>
internal static class WebAssets
{
    private const string Prefix = "web/";

    private static readonly Lazy<FrozenDictionary<string, WebAsset>> All = new(Load);

    /// <summary>The file of a name, for example <c>app.js</c>; null if there is none.</summary>
    public static WebAsset? Find(string name) => All.Value.GetValueOrDefault(name);

    private static FrozenDictionary<string, WebAsset> Load()
    {
        var assembly = typeof(WebAssets).Assembly;
        var assets = new Dictionary<string, WebAsset>(StringComparer.Ordinal);
        foreach (var resource in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(resource)!;
            var content = new byte[stream.Length];
            stream.ReadExactly(content);
            var tag = '"' + Convert.ToHexStringLower(SHA256.HashData(content))[..16] + '"';
            assets.Add(resource[Prefix.Length..], new WebAsset(content, TypeOf(resource), tag));
        }

        return assets.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };
}

/// <summary>A file of the page.</summary>
/// <param name="Content">Its bytes.</param>
/// <param name="Type">For <c>Content-Type</c>.</param>
/// <param name="Tag">Changes with the bytes: for <c>ETag</c>.</param>
internal sealed record WebAsset(byte[] Content, string Type, string Tag);
