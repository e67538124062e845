using System.Text;
using InferenceServer.Inference.Models;

namespace InferenceServer.Inference.Tests.Models;

public sealed class SpecialTokenFinderTests
{
    [Fact]
    public void Split_NoSpecialToken_IsOnePiece() => Assert.Equal("plain text", Split("plain text", Token(1, "<x>")));

    [Fact]
    public void Split_EmptyText_HasNoPieces() => Assert.Equal("", Split("", Token(1, "<x>")));

    [Fact]
    public void Split_TokensSideBySide_AreAllFound() => Assert.Equal("[1]|[1]|a|[2]", Split("<x><x>a<yy>", Token(2, "<yy>"), Token(1, "<x>")));

    [Fact]
    public void Split_OverlappingTokens_TheLongerOneWins() =>
        Assert.Equal("a|[2]|>b", Split("a<x><y>>b", Token(2, "<x><y>"), Token(1, "<y>>")));

    [Fact]
    public void Split_ShorterTokenInsideALongerOne_IsNotFoundThere() =>
        Assert.Equal("[2]|[1]|a", Split("       a", Token(2, "    "), Token(1, "   ")));

    [Fact]
    public void Split_TokenThatSwallowsWhiteSpace_LeavesNoneOnItsSide()
    {
        Assert.Equal("a|[1]|\n b", Split("a \t\n<x>\n b", Token(1, "<x>", left: true)));
        Assert.Equal("a \t\n|[1]|b", Split("a \t\n<x>\n b", Token(1, "<x>", right: true)));
        Assert.Equal("[1]|[1]", Split("  <x>  <x> ", Token(1, "<x>", left: true, right: true)));
    }

    [Fact]
    public void Split_ControlTokenWhereNoneMayBe_StaysTextButUserDefinedOnesDoNot()
    {
        var finder = new SpecialTokenFinder([Token(2, "<ctl>"), Token(1, "<x>") with { IsUserDefined = true }]);
        var text = "<ctl><x><ctl>"u8.ToArray();
        var pieces = finder.Split(text, range => range.Start.Value >= 8);
        Assert.Equal("<ctl>|[1]|[2]", Show(text, pieces));
    }

    private static SpecialToken Token(int id, string text, bool left = false, bool right = false) =>
        new(id, Encoding.UTF8.GetBytes(text), IsUserDefined: false, left, right);

    private static string Split(string text, params SpecialToken[] tokens)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return Show(bytes, new SpecialTokenFinder([.. tokens]).Split(bytes, _ => true));
    }

    private static string Show(byte[] text, List<TextPiece> pieces) => string.Join('|', pieces.Select(piece =>
        piece.Token is { } token ? $"[{token}]" : Encoding.UTF8.GetString(text, piece.Start, piece.Length)));
}
