using System.Text;

namespace InferenceServer.Bench.Compare;

/// <summary>An object of twenty fields, four of each kind that such objects are made of: what a program asks for that fills in a form.</summary>
internal static class TwentyFields
{
    /// <summary>What the model is asked.</summary>
    public const string Question = "Fill in the form about a customer of a hardware store. Answer in JSON.";

    private static readonly (string Name, string Type)[] Fields =
    [
        ("first_name", """{"type":"string"}"""),
        ("last_name", """{"type":"string"}"""),
        ("age", """{"type":"integer","minimum":0,"maximum":120}"""),
        ("is_member", """{"type":"boolean"}"""),
        ("member_since", """{"type":"string","format":"date"}"""),
        ("street", """{"type":"string"}"""),
        ("house_number", """{"type":"integer"}"""),
        ("city", """{"type":"string"}"""),
        ("country", """{"enum":["France","Germany","Italy","Norway","Spain"]}"""),
        ("wants_mail", """{"type":"boolean"}"""),
        ("last_visit", """{"type":"string","format":"date"}"""),
        ("number_of_visits", """{"type":"integer"}"""),
        ("total_spent", """{"type":"number"}"""),
        ("discount", """{"type":"number","minimum":0,"maximum":1}"""),
        ("favorite_department", """{"enum":["garden","tools","paint","lighting"]}"""),
        ("is_company", """{"type":"boolean"}"""),
        ("balance", """{"type":"number"}"""),
        ("status", """{"enum":["new","active","dormant"]}"""),
        ("next_appointment", """{"type":["string","null"],"format":"date"}"""),
        ("accepts_credit", """{"type":"boolean"}"""),
    ];

    /// <summary>The schema, as OpenAI's strict mode wants it.</summary>
    public static string Schema { get; } = Build();

    private static string Build()
    {
        var text = new StringBuilder("""{"type":"object","additionalProperties":false,"properties":{""");
        text.AppendJoin(',', Fields.Select(field => $"\"{field.Name}\":{field.Type}"));
        return text.Append("""},"required":[""").AppendJoin(',', Fields.Select(field => $"\"{field.Name}\"")).Append("]}").ToString();
    }
}
