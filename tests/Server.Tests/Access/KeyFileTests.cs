using System.Runtime.Versioning;
using FsCheck;
using FsCheck.Fluent;
using InferenceServer.Inference.Scheduling;
using InferenceServer.Server.Access;

namespace InferenceServer.Server.Tests.Access;

public sealed class KeyFileTests : IDisposable
{
    private static readonly string Hash = "sha256:" + new string('a', 64);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("keys-");

    private string File => Path.Combine(_folder.FullName, "sub", "keys");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Key_AddedAndRead_IsTheSame()
    {
        var full = new ApiKey("laptop", ApiKey.DigestOf("SECRET"))
        {
            Class = RequestClass.Flex,
            Limits = new ClientLimits { RequestsPerMinute = 60, TokensPerMinute = 0, Concurrency = 2, TokensPerDay = 5_000_000_000 },
        };
        KeyFile.Add(File, full);
        KeyFile.Add(File, new ApiKey("phone", ApiKey.DigestOf("two")));
        var keys = Read(out var errors);
        Assert.Empty(errors);
        Assert.Equal(["laptop", "phone"], keys.Select(key => key.Name));
        Assert.Equal((full.Class, full.Limits), (keys[0].Class, keys[0].Limits));
        Assert.Equal((null, new ClientLimits()), (keys[1].Class, keys[1].Limits));
        Assert.True(keys[0].Digest.Span.SequenceEqual(ApiKey.DigestOf("SECRET")));
        Assert.DoesNotContain("SECRET", System.IO.File.ReadAllText(File), StringComparison.Ordinal);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void File_NewlyMade_IsItsOwnersAlone()
    {
        KeyFile.Add(File, new ApiKey("laptop", ApiKey.DigestOf("one")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
    }

    [Fact]
    public void Key_Removed_LeavesTheRestOfTheFileAsItIs()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        System.IO.File.WriteAllText(File, $"# phones\n  phone {Hash} class=flex\nlaptop sha256:{new string('b', 64)}");
        Assert.False(KeyFile.Remove(File, "tablet"));
        Assert.True(KeyFile.Remove(File, "phone"));
        Assert.Equal($"# phones\nlaptop sha256:{new string('b', 64)}\n", System.IO.File.ReadAllText(File));
        KeyFile.Add(File, new ApiKey("tablet", ApiKey.DigestOf("one")));
        Assert.Equal(["laptop", "tablet"], Read(out _).Select(key => key.Name));
    }

    [Theory]
    [InlineData("sk-SECRET-in-plain-text", "line 2: NAME sha256:HEX was expected")]
    [InlineData("laptop SECRET", "line 2: NAME sha256:HEX was expected")]
    [InlineData("laptop sha256:SECRET", "line 2: after sha256:")]
    [InlineData("lap/top HASH", "line 2: a name")]
    [InlineData("laptop HASH class=urgent", "line 2: 'class' wants priority")]
    [InlineData("laptop HASH concurrency=-1", "line 2: 'concurrency' wants a whole number")]
    [InlineData("laptop HASH concurrency=99999999999", "line 2: 'concurrency' wants a whole number")]
    [InlineData("laptop HASH requests=5", "line 2: 'requests' wants")]
    [InlineData("laptop HASH tokens-per-day", "line 2: 'tokens-per-day' wants")]
    [InlineData("phone OTHER", "line 2: there is a key 'phone' already")]
    [InlineData("laptop HASH", "line 2: 'laptop' is the same key as 'phone'")]
    public void Line_Wrong_IsNamedWithoutWhatMayBeAKey(string line, string expected)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        line = line.Replace("OTHER", "sha256:" + new string('b', 64), StringComparison.Ordinal).Replace("HASH", Hash, StringComparison.Ordinal);
        System.IO.File.WriteAllText(File, $"phone {Hash}\n{line}\n");
        Read(out var errors);
        Assert.StartsWith(expected, Assert.Single(errors), StringComparison.Ordinal);
        Assert.DoesNotContain("SECRET", errors[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Line_Any_IsAKeyThatReadsBackOrAnError() => Prop.ForAll<string?>(text =>
    {
        foreach (var line in new[] { text ?? "", $"a {Hash} {text}", $"{text} {Hash}" }.Where(line => !string.IsNullOrWhiteSpace(line)))
        {
            if (KeyFile.Parse(line, out var error) is { } key)
            {
                var again = KeyFile.Parse(KeyFile.Format(key), out _)!;
                Assert.Equal((key.Name, key.Class, key.Limits), (again.Name, again.Class, again.Limits));
            }
            else
            {
                Assert.NotEmpty(error);
            }
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Text_New_IsLongAndNeverTheSame()
    {
        var texts = Enumerable.Range(0, 100).Select(_ => ApiKey.NewText()).ToArray();
        Assert.All(texts, text => Assert.Matches("^sk-[A-Za-z0-9]{43}$", text));
        Assert.Equal(texts.Length, texts.Distinct().Count());
    }

    private List<ApiKey> Read(out List<string> errors) => KeyFile.Read(File, errors = []);
}
