using System.Globalization;

namespace InferenceServer.Server.Validation;

/// <summary>Collects what is wrong with one request. One thread.</summary>
internal sealed class RequestErrors
{
    // A body of a million wrong messages shall not be answered with a million sentences.
    private const int MaxListed = 10;

    private readonly List<RequestError> _listed = [];
    private int _count;

    /// <summary>True when nothing was found.</summary>
    public bool IsEmpty => _count == 0;

    /// <summary>Adds a fault, in the order of the request's fields.</summary>
    public void Add(RequestError error)
    {
        if (_count++ < MaxListed)
        {
            _listed.Add(error);
        }
    }

    /// <summary>One error for all: the first one's field and code, everybody's words with their fields. Only when not <see cref="IsEmpty"/>.</summary>
    public RequestError Merge()
    {
        var first = _listed[0];
        if (_count == 1)
        {
            return first;
        }

        var more = _count > _listed.Count ? " ..." : "";
        var words = string.Join(' ', _listed.Select(error => error.PlacedMessage));
        return first with { Message = string.Create(CultureInfo.InvariantCulture, $"{_count} errors: {words}{more}") };
    }
}
