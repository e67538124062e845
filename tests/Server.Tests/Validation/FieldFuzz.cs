using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using InferenceServer.Server.Validation;

namespace InferenceServer.Server.Tests.Validation;

/// <summary>Holds a reader of requests to its contract: every field, against every JSON type.</summary>
internal static class FieldFuzz
{
    private static readonly Dictionary<string, string> Samples = new()
    {
        ["boolean"] = "true",
        ["number"] = "1",
        ["decimal"] = "0.5",
        ["string"] = "\"auto\"",
        ["array"] = "[]",
        ["object"] = "{}",
    };

    /// <summary>Sets each field to a value of each type: it is taken, or refused by name with a 400. Null means absent.</summary>
    /// <param name="contract">The request's type.</param>
    /// <param name="accepted">The types that each field takes.</param>
    /// <param name="minimal">A valid body.</param>
    /// <param name="errorOf">What the reader says.</param>
    /// <param name="required">Fields that may not be null.</param>
    public static void Check(JsonTypeInfo contract, Dictionary<string, string[]> accepted, string minimal, Func<JsonElement, RequestError?> errorOf, params string[] required)
    {
        Assert.Equal(contract.Properties.Select(property => property.Name).Order(), accepted.Keys.Order());
        foreach (var name in accepted.Keys)
        {
            Assert.Equal(required.Contains(name), ErrorOf(name, "null") is not null);
            foreach (var (kind, sample) in Samples)
            {
                var error = ErrorOf(name, sample);
                if (accepted[name].Contains(kind))
                {
                    Assert.True(error is null, $"{name} = {sample}: {error?.Message}");
                }
                else
                {
                    Assert.True(error is not null, $"{name} = {sample} was taken");
                    Assert.Equal((400, "invalid_request_error"), (error.Status, error.Type));
                    Assert.Equal(name, error.Param?.Split('.', '[')[0]);
                    Assert.Contains($"'{name}", error.Message, StringComparison.Ordinal);
                }
            }
        }

        RequestError? ErrorOf(string name, string value)
        {
            var body = JsonNode.Parse(minimal)!.AsObject();
            body[name] = JsonNode.Parse(value);
            return errorOf(JsonElement.Parse(body.ToJsonString()));
        }
    }
}
