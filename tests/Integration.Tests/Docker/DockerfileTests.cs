using System.Text.RegularExpressions;
using System.Xml.Linq;
using InferenceServer.Server.Hosting;
using InferenceServer.Testing;
using Microsoft.Extensions.Configuration;

namespace InferenceServer.Integration.Tests.Docker;

/// <summary>What can be known of the images without building them. <c>docker/rehearse.sh</c> takes the steps of one in chroots.</summary>
public sealed class DockerfileTests
{
    private static readonly NodeFolder Linters = new("Docker");

    public static TheoryData<string> Files => ["docker/Dockerfile", "docker/Dockerfile.cuda"];

    [SkippableTheory]
    [MemberData(nameof(Files))]
    public async Task File_ByTheLinter_HasNoFault(string file)
    {
        await Linters.InstallAsync();
        var (code, output, errors) = await Linters.RunAsync("node", "node_modules/.bin/dockerfile-utils", "lint", Path.Combine(RepositoryFiles.Root, file));
        Assert.Equal((0, "", ""), (code, output, errors));
    }

    [SkippableFact]
    public async Task File_WithAMistake_IsFoundByTheLinter()
    {
        await Linters.InstallAsync();
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "FROM debian:12\nWORKDIR source\nRUNN true\n");
            var (_, output, errors) = await Linters.RunAsync("node", "node_modules/.bin/dockerfile-utils", "lint", file);
            Assert.Contains("RUNN", output + errors, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Projects_CopiedBeforeTheRestore_AreThoseOfTheSolution(string file)
    {
        var lines = Read(file);
        var restore = Array.FindIndex(lines, line => line.StartsWith("RUN dotnet restore", StringComparison.Ordinal));
        var copied = lines.Select((line, i) => (line, i)).Where(each => each.line.StartsWith("COPY ", StringComparison.Ordinal) && each.line.Contains(".csproj", StringComparison.Ordinal)).ToList();
        Assert.All(copied, each => Assert.True(each.i < restore));
        Assert.All(copied, each => Assert.Equal(Path.GetDirectoryName(each.line.Split(' ')[1]) + "/", each.line.Split(' ')[2]));
        var projects = copied.Select(each => each.line.Split(' ')[1]).ToHashSet();

        var solution = File.ReadAllText(Path.Combine(RepositoryFiles.Root, "InferenceServer.sln"));
        var wanted = Regex.Matches(solution, "\"(src[^\"]+\\.csproj)\"").Select(match => match.Groups[1].Value.Replace('\\', '/')).ToHashSet();
        Assert.NotEmpty(wanted);
        Assert.Equal(wanted.Order(), projects.Order());
        Assert.Equal(Closure("src/Server/Server.csproj").Order(), projects.Order());
        Assert.Equal(-1, Array.FindIndex(lines, 0, restore, line => line.StartsWith("COPY src/ ", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Copies_AreOfWhatIsInTheRepository(string file)
    {
        var sources = Read(file).Where(line => line.StartsWith("COPY ", StringComparison.Ordinal) && !line.Contains("--from=", StringComparison.Ordinal)).SelectMany(line => line.Split(' ')[1..^1]).ToList();
        Assert.NotEmpty(sources);
        var ignored = File.ReadAllLines(Path.Combine(RepositoryFiles.Root, ".dockerignore"));
        Assert.All(sources, source =>
        {
            Assert.True(Path.Exists(Path.Combine(RepositoryFiles.Root, source)), source);
            Assert.DoesNotContain(source.Split('/')[0], ignored);
        });
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Packages_AreInstalledAsTheBuildDoesIt(string file)
    {
        var build = File.ReadAllText(Path.Combine(RepositoryFiles.Root, "build", "NpmPackages.proj"));
        Assert.Contains("node_modules/.installed", build, StringComparison.Ordinal);
        var installs = Read(file).Where(line => line.Contains("npm ci", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, installs.Count);
        Assert.All(installs, line =>
        {
            Assert.EndsWith("&& cp package-lock.json node_modules/.installed", line, StringComparison.Ordinal);
            Assert.All(line.Split(' ').Where(word => word.StartsWith("--", StringComparison.Ordinal)), option => Assert.Contains(option, build, StringComparison.Ordinal));
        });
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Stages_ArePinnedAndTheLastRunsAsNobodyInParticular(string file)
    {
        var lines = Read(file);
        Assert.All(lines.Where(line => line.StartsWith("FROM ", StringComparison.Ordinal)), line => Assert.Matches(@"^FROM [a-z./-]+:(\d|\$\{CUDA\}-).*$", line));
        Assert.All(lines.Where(line => line.StartsWith("ARG ", StringComparison.Ordinal)), line => Assert.Matches(@"^ARG CUDA=\d+\.\d+\.\d+$", line));
        var last = lines[Array.FindLastIndex(lines, line => line.StartsWith("FROM ", StringComparison.Ordinal))..];
        Assert.Single(last, "USER 1654:1654");
        Assert.Single(last, """VOLUME ["/data", "/models"]""");
        Assert.True(Array.IndexOf(last, "USER 1654:1654") < Array.FindIndex(last, line => line.StartsWith("ENTRYPOINT ", StringComparison.Ordinal)));
        Assert.EndsWith("""CMD ["/app/InferenceServer", "ready"]""", Assert.Single(last, line => line.StartsWith("HEALTHCHECK ", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Settings_OfTheImage_WantAKeyAndAreFineWithOne(string file)
    {
        SettingsReader.Read(new ConfigurationBuilder().AddInMemoryCollection(Variables(file)).Build(), out var errors);
        Assert.Contains("without an API key", Assert.Single(errors), StringComparison.Ordinal);
        SettingsReader.Read(new ConfigurationBuilder().AddInMemoryCollection([.. Variables(file), new("Server:ApiKey", "secret")]).Build(), out errors);
        Assert.Empty(errors);
    }

    /// <summary>The instructions of a file, each on a line.</summary>
    internal static string[] Read(string file) =>
        [.. Regex.Replace(File.ReadAllText(Path.Combine(RepositoryFiles.Root, file)), @"\\\n *", "").Split('\n').Where(line => line.Length > 0 && line[0] != '#')];

    /// <summary>The settings of an image, by their keys.</summary>
    internal static IEnumerable<KeyValuePair<string, string?>> Variables(string file) =>
        from line in Read(file)
        where line.StartsWith("ENV ", StringComparison.Ordinal)
        from word in line.Split(' ')[1..]
        let parts = word.Split('=', 2)
        where parts[0].Contains("__", StringComparison.Ordinal)
        select new KeyValuePair<string, string?>(parts[0].Replace("__", ":", StringComparison.Ordinal), parts[1]);

    // A project and those that it references.
    private static HashSet<string> Closure(string project)
    {
        var folder = Path.GetDirectoryName(Path.Combine(RepositoryFiles.Root, project))!;
        var references = XDocument.Load(Path.Combine(RepositoryFiles.Root, project)).Descendants("ProjectReference").Select(each => each.Attribute("Include")!.Value);
        return [project, .. references.SelectMany(each => Closure(Path.GetRelativePath(RepositoryFiles.Root, Path.Combine(folder, each))))];
    }
}
