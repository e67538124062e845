using Microsoft.Extensions.Options;

namespace InferenceServer.Server.Access;

/// <summary>Rules of <see cref="LimitOptions"/> that are more than a range.</summary>
internal sealed class LimitOptionsRules : IValidateOptions<LimitOptions>
{
    /// <summary>Finds all broken rules, not just the first.</summary>
    public ValidateOptionsResult Validate(string? name, LimitOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        if (options.UsageFile is { } file && (Directory.Exists(file) || string.IsNullOrWhiteSpace(file)))
        {
            result.AddError($"Limits:UsageFile: '{file}' is no file's name.");
        }

        return result.Build();
    }
}
