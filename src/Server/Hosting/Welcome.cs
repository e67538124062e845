namespace InferenceServer.Server.Hosting;

/// <summary>What an operator sees first: the address, and a line to try.</summary>
internal static class Welcome
{
    /// <summary>The text, with a line's end.</summary>
    /// <param name="address">Where to reach the server.</param>
    /// <param name="model">What it serves.</param>
    /// <param name="needsKey">Clients must send a key.</param>
    public static string Text(string address, ServedModel model, bool needsKey)
    {
        var key = needsKey ? " -H 'Authorization: Bearer YOUR_KEY'" : "";
        return $$"""
            Listening on {{address}} (model {{model.Id}}, loading now)
            Open it in a browser for chat and a look at the machine, or
            try: curl {{address}}/v1/chat/completions{{key}} -d '{"messages":[{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"Name the capital of France."}],"temperature":0}'

            """;
    }
}
