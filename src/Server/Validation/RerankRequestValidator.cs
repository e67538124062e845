using System.Collections.Immutable;
using System.Text.Json;

namespace InferenceServer.Server.Validation;

/// <summary>From the body of a rerank request, Jina's and Cohere's or TEI's, to a valid one, or to all that is wrong with it.</summary>
internal static class RerankRequestValidator
{
    /// <summary>Checks every field.</summary>
    /// <param name="body">The body, an object.</param>
    public static Checked<ValidRerankRequest> Validate(JsonElement body)
    {
        var errors = new RequestErrors();
        var fields = new JsonFields(body, "", errors);
        var isTei = fields.Any("documents") is null && fields.Any("texts") is not null;
        if (!isTei && fields.Any("texts") is not null)
        {
            errors.Add(RequestError.BadValue(fields.PathOf("texts"), "Invalid 'texts': the request has 'documents' already."));
        }

        var topN = (int?)fields.Integer("top_n", 0, int.MaxValue);
        var returnDocuments = fields.Flag("return_documents");
        var returnText = fields.Flag("return_text");
        var request = new ValidRerankRequest
        {
            Query = ReadQuery(fields),
            Documents = ReadDocuments(fields, isTei ? "texts" : "documents"),
            IsTei = isTei,
            Model = fields.Text("model"),
            TopN = topN == 0 ? null : topN,
            ReturnText = returnDocuments ?? returnText ?? false,
            RawScores = fields.Flag("raw_scores") ?? false,
            Truncate = fields.Flag("truncate") ?? false,
        };
        return errors.IsEmpty ? request : errors.Merge();
    }

    private static string ReadQuery(JsonFields fields)
    {
        const string Name = "query";
        if (fields.Any(Name) is null)
        {
            fields.Errors.Add(RequestError.Missing(fields.PathOf(Name)));
            return "";
        }

        var query = fields.Text(Name);
        if (query is { Length: 0 })
        {
            fields.Errors.Add(EmbeddingRequestValidator.EmptyText(fields.PathOf(Name)));
        }

        return query ?? "";
    }

    private static ImmutableArray<string> ReadDocuments(JsonFields fields, string name)
    {
        var path = fields.PathOf(name);
        if (fields.Any(name) is null)
        {
            fields.Errors.Add(RequestError.Missing(path));
            return [];
        }

        if (fields.Array(name) is not { } array)
        {
            return [];
        }

        var count = array.GetArrayLength();
        if (count is 0 or > EmbeddingRequestValidator.MaxInputs)
        {
            fields.Errors.Add(count == 0 ? EmbeddingRequestValidator.EmptyArray(path) : EmbeddingRequestValidator.TooMany(path, count));
            return [];
        }

        var documents = ImmutableArray.CreateBuilder<string>(count);
        foreach (var item in array.EnumerateArray())
        {
            documents.Add(ReadDocument(item, JsonFields.Item(path, documents.Count), fields.Errors));
        }

        return documents.MoveToImmutable();
    }

    private static string ReadDocument(JsonElement item, string path, RequestErrors errors)
    {
        if (item.ValueKind == JsonValueKind.String)
        {
            return item.GetString() ?? "";
        }

        if (item.ValueKind != JsonValueKind.Object)
        {
            errors.Add(RequestError.WrongType(path, "a string or an object with a text", JsonFields.Describe(item.ValueKind)));
            return "";
        }

        var fields = new JsonFields(item, path, errors);
        fields.Require("text");

        return fields.Text("text") ?? "";
    }
}
