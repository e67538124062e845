namespace InferenceServer.Server.Validation;

/// <summary>Fields that would change the answer and cannot be honoured: they are refused, not ignored.</summary>
internal static class RefusedFields
{
    /// <summary>Refuses each of the fields that is there.</summary>
    public static void Check(JsonFields fields, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (fields.Any(name) is not null)
            {
                fields.Errors.Add(RequestError.UnsupportedParameter(fields.PathOf(name)));
            }
        }
    }
}
