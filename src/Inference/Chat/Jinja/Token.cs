namespace InferenceServer.Inference.Chat.Jinja;

/// <param name="Kind">What it is.</param>
/// <param name="Text">Text between tags, a name, a string's content with escapes resolved, digits, or the symbol.</param>
/// <param name="Line">Line of the template, from 1.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Line);

internal enum TokenKind
{
    Data,
    PrintBegin,
    PrintEnd,
    BlockBegin,
    BlockEnd,
    Name,
    Text,
    Integer,
    Float,
    Symbol,
    End,
}
