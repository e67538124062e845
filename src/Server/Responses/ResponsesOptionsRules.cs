using Microsoft.Extensions.Options;

namespace InferenceServer.Server.Responses;

/// <summary>Rules of <see cref="ResponsesOptions"/> that are more than a range.</summary>
internal sealed class ResponsesOptionsRules : IValidateOptions<ResponsesOptions>
{
    /// <summary>Finds all broken rules, not just the first.</summary>
    public ValidateOptionsResult Validate(string? name, ResponsesOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        if (options.Path is { } path && (Directory.Exists(path) || string.IsNullOrWhiteSpace(path)))
        {
            result.AddError($"Responses:Path: '{path}' is no file's name.");
        }

        return result.Build();
    }
}
