using System.Diagnostics.CodeAnalysis;

namespace InferenceServer.Server.Validation;

/// <summary>A value, or the reason why the client cannot have one. Refusals are expected outcomes, not exceptions.</summary>
internal readonly struct Checked<T>
    where T : class
{
    private readonly T? _value;
    private readonly RequestError? _error;

    private Checked(T? value, RequestError? error)
    {
        _value = value;
        _error = error;
    }

    public static implicit operator Checked<T>(T value) => new(value, null);

    public static implicit operator Checked<T>(RequestError error) => new(null, error);

    /// <summary>True with the value, false with the reason.</summary>
    public bool TryGet([NotNullWhen(true)] out T? value, [NotNullWhen(false)] out RequestError? error)
    {
        value = _value;
        error = _error;
        return value is not null;
    }
}
