using System.Text.RegularExpressions;
using InferenceServer.Server.Commands;
using InferenceServer.Testing;

namespace InferenceServer.Server.Tests.Commands;

/// <summary>Every command of this program in the pages for people is one that there is.</summary>
public sealed partial class DocumentedCommandTests
{
    public static TheoryData<string> Pages => ["README.md", "docs/operations.md", "docs/security.md"];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Commands_InShellBlocks_AreKnown(string page)
    {
        var root = ServerCommand.CreateRoot((_, _) => Task.CompletedTask);
        var commands = Find(File.ReadAllText(Path.Combine(RepositoryFiles.Root, page))).ToList();
        Assert.NotEmpty(commands);
        Assert.Empty(commands.SelectMany(command => root.Parse(command).Errors.Select(error => $"{command}: {error.Message}")));
    }

    [Theory]
    [InlineData("inference-server plna llama")]
    [InlineData("inference-server service install --modle x")]
    public void Command_WithASlip_IsFound(string command) =>
        Assert.NotEmpty(ServerCommand.CreateRoot((_, _) => Task.CompletedTask).Parse(Assert.Single(Find($"```sh\n{command}\n```"))).Errors);

    [Fact]
    public void Search_FindsWhatPeopleType()
    {
        const string Text = """
            `inference-server inline` is none.
               ```sh
               sudo ./published/InferenceServer keys list --api-key-file keys   # a comment
               A=1 inference-server --host '*'; echo "$X" | inference-server doctor
               dotnet run -c Release --project src/Server -- models --catalogue
               sudo -u somebody A=1 inference-server pull x
               systemctl reload inference-server
               ```
            """;
        Assert.Equal(["keys list --api-key-file keys", "--host '*'", "doctor", "models --catalogue", "pull x"], Find(Text));
    }

    // Behind the program's name, up to what ends a command; without quotes a word is as the shell gives it.
    private static IEnumerable<string> Find(string page) =>
        from block in Block().Matches(page)
        from line in block.Groups[1].Value.Split('\n')
        let withoutComment = Comment().Replace(line, "")
        from part in Separator().Split(withoutComment)
        let match = Program().Match(part)
        where match.Success
        select match.Groups[1].Value.Trim();

    [GeneratedRegex("```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"(^|\s)#.*$")]
    private static partial Regex Comment();

    [GeneratedRegex(@";|&&|\|")]
    private static partial Regex Separator();

    [GeneratedRegex(@"^\s*(?:sudo (?:-u \S+ )?)?(?:[A-Za-z_]+=\S* )*(?:(?:\./\w+/)?InferenceServer|inference-server|dotnet run -c Release --project src/Server(?: --)?)(?: (.*))?$")]
    private static partial Regex Program();
}
