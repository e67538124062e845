using InferenceServer.Server.Hosting;
using InferenceServer.Server.Rehearsal;
using Microsoft.Extensions.Configuration;

namespace InferenceServer.Server.Tests.Rehearsal;

/// <summary>Requests that are played before the first client comes.</summary>
public sealed class HttpRehearsalTests
{
    [Theory]
    [InlineData("Server:Alias", "mine")]
    [InlineData("Server:ApiKey", "secret")]
    [InlineData("Server:StrictModel", "true")]
    [InlineData("Metrics:Port", "9")]
    [InlineData("Responses:Path", "/dev/null/responses.db")]
    public async Task Run_WhateverTheSettings_AnswersEveryRequest(string key, string value)
    {
        var settings = SettingsReader.Read(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { [key] = value }).Build(), out var errors);
        Assert.Empty(errors);
        var statuses = await HttpRehearsal.RunAsync(settings, TestApp.Model(settings)).WaitAsync(TestApp.Patience);
        Assert.NotEmpty(statuses);
        Assert.All(statuses, status => Assert.Equal(200, status));
    }
}
