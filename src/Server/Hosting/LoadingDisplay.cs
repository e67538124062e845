using Spectre.Console;

namespace InferenceServer.Server.Hosting;

/// <summary>Shows how far loading is: a bar on a terminal, a log line every tenth otherwise.</summary>
internal sealed class LoadingDisplay : IDisposable
{
    private const int LogEveryPercent = 10;

    private readonly string _name;
    private readonly ILogger _logger;
    private readonly bool _isBar;
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _bar = Task.CompletedTask;
    private volatile float _share;
    private int _lastLogged;

    private LoadingDisplay(string name, ILogger logger, bool isBar)
    {
        _name = name;
        _logger = logger;
        _isBar = isBar;
        if (isBar)
        {
            _bar = Task.Run(ShowBarAsync);
        }
        else
        {
            logger.LoadProgress(name, 0);
        }
    }

    /// <summary>True when people watch: the output is a terminal that can draw.</summary>
    public static bool IsTerminal => !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Ansi;

    /// <summary>Begins to show.</summary>
    /// <param name="name">What is loaded.</param>
    /// <param name="logger">For the lines.</param>
    public static LoadingDisplay Start(string name, ILogger logger) => new(name, logger, IsTerminal);

    /// <summary>For tests: begins to show lines, whatever the console is.</summary>
    internal static LoadingDisplay StartLines(string name, ILogger logger) => new(name, logger, isBar: false);

    /// <summary>Takes the share loaded, 0 to 1. One thread at a time; costs next to nothing.</summary>
    public void Report(float share)
    {
        _share = share;
        if (_isBar)
        {
            return;
        }

        var percent = (int)(share * 100) / LogEveryPercent * LogEveryPercent;
        if (percent > _lastLogged)
        {
            _lastLogged = percent;
            _logger.LoadProgress(_name, percent);
        }
    }

    /// <summary>Takes the bar away.</summary>
    public void Dispose()
    {
        _done.TrySetResult();
        _bar.Wait();
    }

    private Task ShowBarAsync() => AnsiConsole.Progress().AutoClear(true).StartAsync(async context =>
    {
        var task = context.AddTask($"Loading {Markup.Escape(_name)}", maxValue: 1);
        while (!_done.Task.IsCompleted)
        {
            task.Value = _share;
            await Task.WhenAny(_done.Task, Task.Delay(TimeSpan.FromMilliseconds(100)));
        }
    });
}
