namespace InferenceServer.Inference.Models;

/// <summary>A token that is found in text before the text is split into ordinary tokens.</summary>
/// <param name="Id">Id in the vocabulary.</param>
/// <param name="Text">Its text in UTF-8; at least one byte.</param>
/// <param name="IsUserDefined">True: ordinary text of that spelling is always this token. False: only a template can write it.</param>
/// <param name="StripsLeft">It swallows white space before it.</param>
/// <param name="StripsRight">It swallows white space after it.</param>
internal sealed record SpecialToken(int Id, byte[] Text, bool IsUserDefined, bool StripsLeft, bool StripsRight);
