using InferenceServer.Server.Hosting;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Server.Tests.Hosting;

public sealed class ErrorMappingTests
{
    [Fact]
    public async Task ConnectionThatBreaksWithinTheBody_IsAClientThatLeft()
    {
        // The reader of the body is told before the request's own token is.
        var context = new DefaultHttpContext();
        await new ErrorMapping(_ => throw new ConnectionResetException("Connection reset by peer"), NullLogger<ErrorMapping>.Instance).InvokeAsync(context);
        Assert.Equal(StatusCodes.Status499ClientClosedRequest, context.Response.StatusCode);
        Assert.Equal(0, context.Response.Body.Length);
    }
}
