using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests;

/// <summary>
/// Varies every value of each request under Fields/, those in lists and objects too, through all JSON types. The types that are taken
/// stand in the file beside it; UPDATE_GOLDEN=1 writes it anew, and each type in it is one that the server promises to take. Every other is
/// refused with a 4xx in the dialect's form that names the field.
/// </summary>
public sealed class FieldTests
{
    private static readonly string Folder = Path.Combine(RepositoryFiles.Root, "tests", "Server.Tests", "Fields");

    private static readonly (string Kind, string Sample)[] Samples =
    [
        ("null", "null"), ("boolean", "true"), ("integer", "1"), ("decimal", "0.5"), ("string", "\"auto\""), ("array", "[]"), ("numbers", "[5]"), ("object", "{}"),
    ];

    // What a choice names has to be there, so that it is the choice which is wrong without it.
    private static readonly Dictionary<string, string> Dependents = new() { ["tools"] = "tool_choice", ["functions"] = "function_call" };

    private static readonly string[] AnthropicErrors = ["invalid_request_error", "not_found_error"];

    public static TheoryData<string> Names() => new(Directory.GetFiles(Folder, "*.request").Select(Path.GetFileNameWithoutExtension).Order()!);

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Field_OfEveryJsonType_IsTakenAsRecordedOrRefusedByName(string name)
    {
        var file = RequestFile.Read(Path.Combine(Folder, name + ".request"));
        await using var app = await file.StartAsync();
        using (var whole = await file.SendAsync(app, file.Body))
        {
            Assert.True(whole.IsSuccessStatusCode, await whole.Content.ReadAsStringAsync());
        }

        var record = new StringBuilder();
        foreach (var place in Places(JsonNode.Parse(file.Body)!, ""))
        {
            record.Append(place.Length == 0 ? "(body)" : place).Append(':');
            foreach (var (kind, sample) in Samples)
            {
                using var response = await file.SendAsync(app, With(file.Body, place, sample));
                if (response.StatusCode == HttpStatusCode.OK)
                {
                    record.Append(' ').Append(kind);
                }
                else
                {
                    await AssertRefusedAsync(response, file.Path, place, isNull: kind == "null");
                }
            }

            record.Append('\n');
        }

        var golden = Path.Combine(Folder, name + ".taken");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            await File.WriteAllTextAsync(golden, record.ToString());
        }

        Assert.Equal(await File.ReadAllTextAsync(golden), record.ToString());
    }

    [Fact]
    public async Task Requests_AgainstTheDescription_HaveEveryField()
    {
        var bodies = new Dictionary<string, List<JsonNode>>(StringComparer.Ordinal);
        foreach (var path in Directory.GetFiles(Folder, "*.request"))
        {
            var file = RequestFile.Read(path);
            bodies.TryAdd(file.Path, []);
            bodies[file.Path].Add(JsonNode.Parse(file.Body)!);
        }

        await using var app = await TestApp.StartAsync();
        using var document = JsonDocument.Parse(await app.Client.GetStringAsync("/openapi/v1.json"));
        var missing = new List<string>();
        foreach (var route in document.RootElement.GetProperty("paths").EnumerateObject())
        {
            if (route.Value.TryGetProperty("post", out var post) && post.TryGetProperty("requestBody", out var body))
            {
                var schema = body.GetProperty("content").GetProperty("application/json").GetProperty("schema");
                Find(document.RootElement, schema, bodies.GetValueOrDefault(route.Name, []), route.Name, missing);
            }
        }

        Assert.Empty(missing);
    }

    // Adds what the description has and none of the bodies.
    private static void Find(JsonElement description, JsonElement schema, IReadOnlyCollection<JsonNode> bodies, string place, List<string> missing)
    {
        while (schema.TryGetProperty("$ref", out var reference))
        {
            schema = reference.GetString()!.Split('/').Skip(1).Aggregate(description, (node, name) => node.GetProperty(name));
        }

        foreach (var alternative in new[] { "oneOf", "anyOf" }.Where(word => schema.TryGetProperty(word, out _)).SelectMany(word => schema.GetProperty(word).EnumerateArray()))
        {
            Find(description, alternative, bodies, place, missing);
        }

        if (schema.TryGetProperty("items", out var items))
        {
            Find(description, items, [.. bodies.OfType<JsonArray>().SelectMany(array => array).OfType<JsonNode>()], place + "[]", missing);
        }

        if (!schema.TryGetProperty("properties", out var properties))
        {
            return;
        }

        foreach (var property in properties.EnumerateObject())
        {
            var owners = bodies.OfType<JsonObject>().Where(body => body.ContainsKey(property.Name)).ToArray();
            if (owners.Length == 0)
            {
                missing.Add($"{place}.{property.Name}");
            }
            else
            {
                Find(description, property.Value, [.. owners.Select(owner => owner[property.Name]).OfType<JsonNode>()], $"{place}.{property.Name}", missing);
            }
        }
    }

    private static IEnumerable<string> Places(JsonNode? node, string path)
    {
        yield return path;
        var inner = node switch
        {
            JsonObject members => members.SelectMany(member => Places(member.Value, path.Length == 0 ? member.Key : $"{path}.{member.Key}")),
            JsonArray items => items.SelectMany((item, index) => Places(item, $"{path}[{index}]")),
            _ => [],
        };
        foreach (var place in inner)
        {
            yield return place;
        }
    }

    private static string With(string body, string place, string sample)
    {
        if (place.Length == 0)
        {
            return sample;
        }

        var root = JsonNode.Parse(body)!;
        var steps = place.Replace("[", ".[", StringComparison.Ordinal).Split('.');
        var owner = steps[..^1].Aggregate(root, (node, step) => Index(step) is { } index ? node[index]! : node[step]!);
        if (Index(steps[^1]) is { } last)
        {
            owner[last] = JsonNode.Parse(sample);
        }
        else
        {
            owner[steps[^1]] = JsonNode.Parse(sample);
        }

        return root.ToJsonString();

        static int? Index(string step) => step.StartsWith('[') ? int.Parse(step[1..^1], System.Globalization.CultureInfo.InvariantCulture) : null;
    }

    private static async Task AssertRefusedAsync(HttpResponseMessage response, string path, string place, bool isNull)
    {
        var text = await response.Content.ReadAsStringAsync();
        var what = $"{(isNull ? "null" : "A wrong type")} for {place}";
        Assert.True((int)response.StatusCode is 400 or 404, $"{what}: {(int)response.StatusCode} {text}");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        var error = JsonElement.Parse(text).GetProperty("error");
        var message = error.ValueKind == JsonValueKind.String ? error.GetString()! : error.GetProperty("message").GetString()!;
        var sentences = message.Split(". ");
        Assert.True(sentences.Distinct().Count() == sentences.Length, $"{what} is refused twice: {message}");
        if (place.Length == 0)
        {
            return;
        }

        var field = place.Split('.', '[')[0];
        if (path.StartsWith("/api/", StringComparison.Ordinal) || path.StartsWith("/v1/messages", StringComparison.Ordinal))
        {
            Assert.True(error.ValueKind == JsonValueKind.String || AnthropicErrors.Contains(error.GetProperty("type").GetString()), text);
            Assert.True(isNull || new[] { field, Dependents.GetValueOrDefault(field, field) }.Any(name => message.Contains(name, StringComparison.Ordinal)), $"{what}: {message}");
        }
        else
        {
            Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
            Assert.True(error.GetProperty("code").ValueKind is JsonValueKind.String or JsonValueKind.Null, $"{what}: {text}");
            var param = error.GetProperty("param").GetString();
            Assert.True(param is not null && (isNull || IsAbout(param, place)), $"{what} is refused for {param}: {message}");
        }
    }

    // The field itself, the one that holds it, or one beside it that has to fit: a list's other items, a type's other fields.
    private static bool IsAbout(string param, string place)
    {
        var owner = place[..Math.Max(0, place.LastIndexOfAny(['.', '[']))];
        return IsWithin(param, place) || IsWithin(place, param) || (owner.Length > 0 && IsWithin(param, owner))
            || (Dependents.TryGetValue(place.Split('.', '[')[0], out var dependent) && IsWithin(param, dependent));
    }

    private static bool IsWithin(string place, string outer) =>
        place.StartsWith(outer, StringComparison.Ordinal) && (place.Length == outer.Length || place[outer.Length] is '.' or '[');
}
