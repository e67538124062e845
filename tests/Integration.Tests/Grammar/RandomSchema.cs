using System.Text.Json;
using System.Text.Json.Nodes;

namespace InferenceServer.Integration.Tests.Grammar;

/// <summary>Schemas put together at random of every keyword that the engine enforces.</summary>
internal sealed class RandomSchema(Random random)
{
    private static readonly string[] Patterns = ["^[a-z]{1,8}$", "^\\d{2,4}-[A-F]+$", "b", "^(x|yy|\"q\")*$", "^[^a\\n]{2,5}$", "^\\w+( \\w+){0,2}$", "e$"];
    private static readonly string[] Formats = ["date", "time", "date-time", "uuid", "email", "ipv4", "ipv6", "hostname", "uri", "duration"];
    private static readonly string[] Names = ["a", "b", "name", "naïve", "x y", "id", "n\"q", "items", "a1", "zz"];

    /// <summary>A schema as JSON text.</summary>
    public string Next()
    {
        var definitions = new JsonObject { ["leaf"] = Scalar(), ["list"] = new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["$ref"] = "#/$defs/leaf" }, ["maxItems"] = 3 } };
        var root = Any(3);
        if (root is JsonObject schema)
        {
            schema["$defs"] = definitions;
        }

        return root.ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }

    private JsonNode Any(int depth) => depth == 0 ? Scalar() : random.Next(12) switch
    {
        0 or 1 or 2 or 3 => Object(depth),
        4 or 5 => Array(depth),
        6 => new JsonObject { ["anyOf"] = new JsonArray(Any(depth - 1), Any(depth - 1), new JsonObject { ["type"] = "null" }) },
        7 => new JsonObject { ["allOf"] = new JsonArray(Object(depth), Object(depth)) },
        8 => new JsonObject { ["$ref"] = random.Next(2) == 0 ? "#/$defs/leaf" : "#/$defs/list" },
        _ => Scalar(),
    };

    private JsonObject Object(int depth)
    {
        var schema = new JsonObject { ["type"] = "object" };
        var names = Names.OrderBy(_ => random.Next()).Take(random.Next(5)).ToArray();
        schema["properties"] = new JsonObject(names.Select(name => KeyValuePair.Create<string, JsonNode?>(name, Any(depth - 1))));
        schema["required"] = new JsonArray([.. names.Where(_ => random.Next(2) == 0).Select(name => (JsonNode)name)]);
        if (random.Next(3) == 0)
        {
            schema["patternProperties"] = new JsonObject { ["^p\\d"] = Scalar(), ["z$"] = new JsonObject { ["type"] = "string" } };
        }

        if (random.Next(3) > 0)
        {
            schema["additionalProperties"] = random.Next(3) == 0 ? Scalar() : false;
        }

        return schema;
    }

    private JsonObject Array(int depth)
    {
        var schema = new JsonObject { ["type"] = "array" };
        if (random.Next(3) == 0)
        {
            schema["prefixItems"] = new JsonArray(Any(depth - 1), Any(depth - 1));
        }

        schema["items"] = random.Next(4) == 0 ? Scalar() : Any(depth - 1);
        var min = random.Next(3);
        schema["minItems"] = min;
        if (random.Next(2) == 0)
        {
            schema["maxItems"] = min + random.Next(3);
        }

        return schema;
    }

    private JsonObject Scalar() => random.Next(9) switch
    {
        0 => new JsonObject { ["type"] = "boolean" },
        1 => new JsonObject { ["enum"] = new JsonArray("x", 1, 2.5, true, null, "é\"") },
        2 => new JsonObject { ["const"] = "fixed \\ value" },
        3 => Bounded(new JsonObject { ["type"] = "integer" }, random.Next(-500, 500)),
        4 => Bounded(new JsonObject { ["type"] = "number" }, random.Next(-50_000, 50_000) / 100m),
        5 => new JsonObject { ["type"] = "integer", ["multipleOf"] = random.Next(1, 30), ["minimum"] = random.Next(-100, 100) },
        6 => Sized(new JsonObject { ["type"] = "string" }),
        7 => new JsonObject { ["type"] = "string", ["pattern"] = Patterns[random.Next(Patterns.Length)] },
        _ => new JsonObject { ["type"] = "string", ["format"] = Formats[random.Next(Formats.Length)] },
    };

    private JsonObject Bounded(JsonObject schema, decimal low)
    {
        schema[random.Next(2) == 0 ? "minimum" : "exclusiveMinimum"] = low;
        if (random.Next(3) > 0)
        {
            schema[random.Next(2) == 0 ? "maximum" : "exclusiveMaximum"] = low + random.Next(2, 2_000);
        }

        return schema;
    }

    private JsonObject Sized(JsonObject schema)
    {
        var min = random.Next(4);
        schema["minLength"] = min;
        if (random.Next(2) == 0)
        {
            schema["maxLength"] = min + random.Next(6);
        }

        return schema;
    }
}
